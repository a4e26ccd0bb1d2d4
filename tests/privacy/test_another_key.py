"""Pseudonyms and erasure together: who was erased stays outside, also under another key, which gives another name."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from lsif import cli
from lsif.config import load_settings
from lsif.errors import LsifError
from lsif.interests.delivery import delivery
from lsif.interests.erased_rows import without_erased
from lsif.interests.listed import Listed
from lsif.interests.users import without_users
from lsif.privacy.erased import ask, is_erased, left_out, undo
from lsif.privacy.erasure_key import erasure_key
from lsif.privacy.key import Key
from lsif.privacy.naming import stored_user
from lsif.privacy.pseudonym import pseudonym
from lsif.privacy.receipts import receipts
from lsif.privacy.rotation import rotated
from lsif.tables import Tables
from tests.jobs.conftest import Run
from tests.privacy.bytes_of import files_naming
from tests.privacy.masked import PLANTED, key, run, users
from tests.privacy.test_doors import IDS, KEY, MASK, source, written
from tests.privacy.test_scan import D1, log

__all__ = ["key", "run"]

OTHER = "ann-0815@example.org"
OLD = "p_" + "0" * 32
"""What a user was called under a key of before."""


def put_on(tables: Tables, ids: Sequence[str]) -> None:
    ask(tables, [f"{OLD}{n}" for n in range(len(ids))], D1, 30, [], {f"{OLD}{n}": one for n, one in enumerate(ids)})


def test_the_door_of_events_asks_for_the_id_behind_a_name(spark: SparkSession, tables: Tables, tmp_path: Path) -> None:
    gone = [IDS[0], IDS[2]]
    put_on(tables, gone)
    path = written(tmp_path, "parquet")
    mask = replace(MASK, erasure=erasure_key())
    found = delivery(spark, "shop", source(format="parquet"), {str(path): None}, mask=mask)
    rows, left = without_erased(found, left_out(tables))
    assert left == 2 and "id_pseudonym" not in rows.columns
    wanted = {pseudonym(KEY, one) for one in set(IDS) - set(gone)}
    assert {row.user_id for row in rows.select("user_id").collect()} == wanted


def test_so_does_that_of_the_list_of_users(tables: Tables) -> None:
    put_on(tables, [PLANTED])
    names = [pseudonym(KEY, one) for one in (OTHER, PLANTED)]
    sealed = pa.table({"user_id": names, "sealed": [sealed_as(one) for one in (OTHER, PLANTED)]})
    listed = Listed(pa.table({"user_id": names}), pa.table({}), 2, 0, {}, {}, sealed=sealed)
    left = without_users(listed, left_out(tables), MASK)
    assert left.rows["user_id"].to_pylist() == names[:1] and left.rows_in == 1
    assert left.sealed is not None and left.sealed["user_id"].to_pylist() == names[:1]


def sealed_as(one: str) -> str:
    """The way back of an id under `KEY`, by the definition in `lsif/privacy/pseudonym.py`."""
    nonce = hmac.new(KEY.names, one.encode(), hashlib.sha256).digest()[16:28]
    text = AESGCM(KEY.seals).encrypt(nonce, one.encode(), pseudonym(KEY, one).encode())
    return base64.b64encode(nonce + text).decode()


def test_a_user_of_another_key_is_taken_off_the_list_by_id(tables: Tables, key: Key) -> None:
    put_on(tables, [PLANTED])
    name = pseudonym(key, PLANTED)
    assert is_erased(tables, name, PLANTED) and not is_erased(tables, name, OTHER)
    with pytest.raises(LsifError, match="1 users are erased and not purged yet"):
        rotated(tables, load_settings())
    with pytest.raises(LsifError, match="1 of the users are not erased"):
        undo(tables, [name], D1, {name: OTHER})
    assert len(undo(tables, [name], D1, {name: PLANTED})) == 1
    assert left_out(tables) is None


def lsif(*words: str) -> str:
    done = CliRunner().invoke(cli.app, list(words))
    assert done.exception is None, done.output
    return done.output


def refused(*words: str) -> str:
    return str(CliRunner().invoke(cli.app, list(words)).exception)


def come_in(run: Run, *how: str) -> str:
    return "".join(run(step, "--ds", D1, *how) for step in ("ingest_users", "ingest_events"))


def tables_naming(home: Path, name: str) -> set[str]:
    return {file.split("/")[0] for file in files_naming(home / "tables", name)}


@pytest.mark.long  # a day comes in three times
def test_an_erased_user_does_not_come_back_by_another_key(
    run: Run, home: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
    users(home, f'"{PLANTED}",no,Lyon,', f'"{OTHER}",no,Paris,', f'"{PLANTED}{"x" * 3000}",no,Lyon,')
    log(home, D1, f'8,"{PLANTED}",i1,wink,{D1}T10:00:00Z', planted=(PLANTED, OTHER))
    come_in(run)
    before = stored_user(load_settings(), PLANTED)
    assert tables_naming(home, before) == {"events", "quarantine", "users", "pseudonyms"}
    assert "1 users are erased" in lsif("erase", PLANTED)
    assert "1 users are erased and not purged yet" in refused("rotate-key", "--yes")
    assert "1 users purged" in run("erase", "--ds", D1)
    is_purged(home, before)

    lsif("rotate-key", "--yes")
    name, other = (stored_user(load_settings(), one) for one in (PLANTED, OTHER))
    assert name != before and "rows of erased users left out" in come_in(run)
    assert tables_naming(home, name) == set()
    assert {"events", "users", "pseudonyms"} <= tables_naming(home, other)
    assert "1 users are erased no longer" in lsif("erase", PLANTED, "--undo")
    come_in(run, "--force")
    assert {"events", "users", "pseudonyms"} <= tables_naming(home, name)


def is_purged(home: Path, name: str) -> None:
    """No byte has the name, the way back is gone, and the receipt names what was delivered."""
    assert files_naming(home, name) == []
    ((_, told),) = receipts(home)
    assert set(told["tables"]) == {"events", "quarantine", "users", "pseudonyms"}
    landed = [str(home / file) for file in (f"landing/shop/{D1}.csv", "landing/users.csv")]
    assert told["of_all_users_of_this_purge"]["landing_files_to_delete"] == landed
    assert "have no line in pseudonyms" in refused("reveal", name)
    for asked in (PLANTED, name):
        assert "is erased, and the tables hold nothing" in refused("export-user", asked)
    assert json.loads(lsif("reveal", stored_user(load_settings(), OTHER), "--json"))[0]["user_id"] == OTHER
