"""An object store that fails in the middle of a commit: one line, the last good days, and one plain retry ends it."""

from collections.abc import Iterator

import pytest

from lsif.errors import OutageError
from lsif.outages import ended_with
from lsif.tables import Tables
from tests.away import Failure, Way, leading_to
from tests.faults.standing import begun, doubled, whole
from tests.faults.tally import Tally
from tests.faults.writing import DAYS, act
from tests.tables.object_store import BUCKET, object_store

OLD, NEW = dict.fromkeys(DAYS, "old"), dict.fromkeys(DAYS, "new")
AFTER = {"write": NEW}
CASES = [
    pytest.param(what, how, after, marks=[] if (what, how, after) == ("write", "slow", 1) else pytest.mark.long)
    for what in ("write", "stage", "append", "keep")
    for how in ("500", "503", "lost", "slow")
    for after in (0, 1)
]
CASES += [pytest.param("write", "silent", 1, marks=pytest.mark.long)]
"""What is done, how the store fails, after how many files that it took; of silence, libraries take minutes to tire."""


@pytest.fixture(scope="module")
def store() -> Iterator[Way]:
    """A way to an object store; libraries find it by AWS_* alone, and give up soon."""
    with object_store() as address, leading_to(address) as way, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", way.address)
        yield way


@pytest.fixture
def healthy(store: Way) -> Iterator[Way]:
    yield store
    store.fails, store.failed, store.met = None, 0, 0


def said(action: dict[str, str]) -> str | OutageError:
    """`done`, or the outage that a job ends with."""
    try:
        act(action)
    except Exception as error:
        told = ended_with(error)
        assert isinstance(told, OutageError), repr(error)
        assert "\n" not in str(told)
        return told
    return "done"


@pytest.mark.parametrize(("what", "how", "after"), CASES)
def test_a_store_that_fails_in_the_middle_is_one_line_and_changes_nothing(
    what: str, how: str, after: int, healthy: Way, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = f"s3://{BUCKET}/{what}-{how}-{after}"
    tables, action, good = begun(root), {"what": what, "root": root, "tag": "new"}, AFTER.get(what, OLD)
    healthy.fails = Failure(how, "PUT", after=after)
    told = said(action)
    healthy.fails = None
    assert healthy.failed, f"no request {after} of {what}"
    assert (told == "done") == (how == "slow") or how == "lost"
    tally.add("an object store that fails in mid-commit", not whole(tables, OLD, good), doubled=doubled(tables))
    lost = said(action) != "done" or not whole(Tables(root), good)
    tally.add("the plain retry (object store)", lost=lost, doubled=what != "append" and doubled(tables))
