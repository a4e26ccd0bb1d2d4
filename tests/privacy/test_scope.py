"""Every table says what it holds of users, how an erasure reaches it, and for how long it is kept."""

import pytest

from lsif.privacy.scope import PERSONAL, SCOPES
from lsif.retention import Retention
from lsif.schema import TABLES
from lsif.table_schema import STRING


def test_no_table_is_without_a_line() -> None:
    assert SCOPES.keys() == TABLES.keys(), "a new table wants its line in lsif/privacy/scope.py"


def test_a_table_with_users_is_purged_by_row_and_a_sentence_is_struck_out() -> None:
    by_row = {name for name, scope in SCOPES.items() if scope.reach == "rows"}
    assert by_row == {name for name, table in TABLES.items() if "user_id" in table.columns}
    told = {(name, text) for name, scope in SCOPES.items() for text in scope.texts}
    free = {(name, text) for name, table in TABLES.items() for text in ("note", "raw") if text in table.columns}
    assert free <= told
    assert all(TABLES[name].columns[text] == STRING for name, text in told)


def test_only_tables_with_users_have_a_retention_of_their_own() -> None:
    assert set(PERSONAL) == {"events", "quarantine", "users", "recommendations", "assignments", "feedback"}
    assert Retention(tables={"quarantine": 7, "events": 730}).tables["events"] == 730
    with pytest.raises(ValueError, match="'runs' is none of events"):
        Retention(tables={"runs": 400})
    with pytest.raises(ValueError, match="feedback = 30 is less than days = 180"):
        Retention(tables={"feedback": 30})
