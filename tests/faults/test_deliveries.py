"""Deliveries killed at each named place of theirs: whole lists in the database, and one plain retry ends it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lsif.tables import Tables
from tests.delivery.conftest import Target, made, postgres_url  # noqa: F401
from tests.delivery.test_job import FRIDAY, SATURDAY, configure, expected, publish
from tests.faults.forks import Forks
from tests.faults.places import ENDS, PLACE, RETRY, ways
from tests.faults.standing import shown
from tests.faults.tally import Tally

PLACES = ("after_begin", "after_load", "after_switch")
OLD, NEW = expected(FRIDAY, 3, "for_you"), expected(SATURDAY, 4, "for_you", item="j")
Deliver = Callable[..., int]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def target(request: pytest.FixtureRequest, home: Path) -> Target:
    found = made(request.param, request, home)
    configure(home, {"file": found})
    return found


@pytest.fixture
def deliver(home: Path, jobs: Forks) -> Deliver:
    """Run the job for a day in a process of its own; its exit status as `subprocess` has it."""

    def run(ds: str, failpoint: str = "") -> int:
        env = {"LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "shop.toml")}
        action = {"step": "deliver", "arguments": ["--ds", ds], "env": env, "log": str(home / "log")}
        return jobs.run(action, failpoint=failpoint)[0].code

    return run


@pytest.mark.parametrize(("place", "how"), ways(PLACES))
def test_a_delivery_that_fails_leaves_whole_lists(
    place: str, how: str, target: Target, tables: Tables, deliver: Deliver, tally: Tally
) -> None:
    publish(tables, FRIDAY, 3)
    assert deliver(FRIDAY) == 0
    publish(tables, SATURDAY, 4, "j")
    before = shown(tables)
    assert deliver(SATURDAY, f"{place}:{how}") == ENDS[how], "it was not reached"
    partial = target.lists() != (NEW if place == "after_switch" else OLD) or shown(tables) != before
    tally.add(PLACE.format("deliveries"), partial)

    lost = deliver(SATURDAY) != 0 or tables.read("runs").sort_by("seq")["status"].to_pylist()[-1] != "done"
    tally.add(RETRY.format("deliveries"), target.lists() != NEW, lost, len(target.stored()) > 2)
