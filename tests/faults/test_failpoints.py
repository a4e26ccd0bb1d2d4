"""At each named place of the tables, killed, ended and failed: whole days, and one plain retry ends it."""

import os
from itertools import chain
from pathlib import Path

import pytest

from lsif import failpoints
from lsif.errors import LsifError
from lsif.failpoints import HOW, NAMES, VARIABLE, InjectedFault, failpoint
from lsif.tables import Tables
from tests.faults import test_deliveries, test_spark, test_steps
from tests.faults.forks import ROOT, Forks
from tests.faults.places import ENDS
from tests.faults.standing import begun, doubled, staged_by, whole, writers
from tests.faults.tally import Tally
from tests.faults.writing import DAYS, ROWS, TABLE

OLD = dict.fromkeys(DAYS, "old")
CREATED, SCENARIO, AGAIN = "after_create", "a named place of the tables", "its plain retry"
AFTER: dict[str, dict[str, str | None]] = {
    "write": dict.fromkeys(DAYS, "new"),
    "publish": {DAYS[0]: "old", DAYS[1]: "old"},
    "remove": dict.fromkeys(DAYS, None),
}
"""What the days show when an action is done; others change none of them."""
PLACES = {
    "write": ("after_file", "before_commit", "after_compare", "after_commit", "after_discard"),
    "stage": ("after_file", "before_stage", "after_stage"),
    "publish": ("before_publish", "after_compare", "after_commit", "after_publish"),
    "append": ("after_file", "before_append", "after_append"),
    "remove": ("after_remove",),
    "tidy": ("after_compact", "after_vacuum"),
    "keep": ("after_copy", "after_about"),
}
CASES = [
    pytest.param(what, place, how, marks=[] if how == "kill" else pytest.mark.long)
    for what, places in PLACES.items()
    for place in places
    for how in HOW
]


@pytest.mark.parametrize(("what", "place", "how"), CASES, ids=lambda one: one)
def test_a_process_that_fails_there_leaves_whole_days(
    what: str, place: str, how: str, forks: Forks, tally: Tally, tmp_path: Path
) -> None:
    tables, action = begun(tmp_path), {"what": what, "root": str(tmp_path), "tag": "new"}
    after = AFTER.get(what, OLD)
    if what == "publish":
        after = {DAYS[0]: "staged", DAYS[1]: "old"}
        forks.run({"what": "stage", "root": str(tmp_path), "tag": "staged"})
    (end,) = forks.run(action, failpoint=f"{place}:{how}")
    assert end.code == ENDS[how], "the place was not reached"
    gone = what != "tidy" and staged_by(tables) is None  # of no days, it deletes what is not seen yet
    partial = gone or not whole(tables, OLD, after)
    tally.add(SCENARIO, partial, doubled=doubled(tables))

    (end,) = forks.run(action)
    assert end.said == "done" or (what, end.code) == ("write", 0)
    tally.add(AGAIN, not whole(tables, after), doubled=what != "append" and doubled(tables))


@pytest.mark.parametrize("how", [HOW[0], *(pytest.param(how, marks=pytest.mark.long) for how in HOW[1:])])
def test_a_table_that_was_made_and_is_empty_has_no_day(how: str, forks: Forks, tally: Tally, tmp_path: Path) -> None:
    tables, action = Tables(str(tmp_path)), {"what": "write", "root": str(tmp_path), "tag": "new"}
    (end,) = forks.run(action, failpoint=f"{CREATED}:{how}")
    assert end.code == ENDS[how], "the place was not reached"
    tally.add(SCENARIO, partial=tables.days(TABLE) != [])
    (end,) = forks.run(action)
    shown = {ds: writers(tables, ds) for ds in tables.days(TABLE)}
    tally.add(AGAIN, partial=shown != {ds: {"new": ROWS} for ds in DAYS}, lost=end.said != "done")


def test_no_place_is_forgotten() -> None:
    of_jobs = (*chain(*test_steps.PLACES.values()), *test_deliveries.PLACES, *test_spark.PLACES)
    tried = {CREATED, *chain(*PLACES.values()), *(place.partition(":")[0] for place in of_jobs)}
    assert tried == set(NAMES)


def test_every_place_is_called_by_its_name_and_no_other_is() -> None:
    code = [file.read_text() for folder in ("lsif", "jobs") for file in (ROOT / folder).rglob("*.py")]
    called = {name for name in NAMES for text in code if f'failpoint("{name}")' in text}
    assert called == set(NAMES) and len(NAMES) >= 20
    assert sum(text.count('failpoint("') for text in code) == len(NAMES), "a name is of one place"


@pytest.mark.parametrize("text", ["after_comit", "after_commit:shoot", "after_commit:kill:once"])
def test_a_place_that_is_none_is_one_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(LsifError, match=f"^{VARIABLE}={text}: want NAME, [^\n]+$"):
        failpoint("before_work")


def test_the_second_time_means_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "after_file:raise:2")
    failpoints._armed.cache_clear()
    failpoint("after_file")
    failpoint("after_commit")
    with pytest.raises(InjectedFault, match="after_file"):
        failpoint("after_file")
    failpoint("after_file")
    monkeypatch.delenv(VARIABLE)
    failpoints._armed.cache_clear()
    assert VARIABLE not in os.environ and failpoints.reached is None
