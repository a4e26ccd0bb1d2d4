"""The interest jobs on stored events: what they write, need, and leave alone."""

from pathlib import Path

import pytest

from lsif.config import Settings
from lsif.tables import Tables
from tests.interests import log
from tests.jobs.conftest import Run, counts, deliver, last
from tests.known import known_at

DAYS = [f"2017-03-{day:02d}" for day in range(8, 14)]


def put_events(tables: Tables, ds: str, more: int = 0) -> None:
    """A day's events: four purchases, one that is a day late, a search, and `more`."""
    number = DAYS.index(ds) if ds in DAYS else 1
    rows = [log.event(ds, f"u{item % 2}", str(item), f"{ds}T10:00:00") for item in range(4 + more)]
    rows += [log.event(ds, "u1", "9", f"{DAYS[number - 1]}T23:59:59")] * bool(number)
    rows += [log.event(ds, "u0", "1", f"{ds}T09:00:00", "search", 0.0)]
    writer = tables.writer("events")
    writer.write(ds, log.as_arrow(rows).drop_columns("ds"))
    writer.commit()


def interests(run: Run, ds: str, *words: str) -> str:
    """Both steps after a day's events."""
    return run("long_term_history", "--ds", ds, *words) + run("recent_window", "--ds", ds, *words)


@pytest.fixture
def stored(tables: Tables) -> Tables:
    for ds in DAYS:
        put_events(tables, ds)
    return tables


def test_a_night_writes_tiles_and_windows_and_now_and_then_a_base(
    run: Run, home: Path, stored: Tables, settings: Settings
) -> None:
    (home / "landing").mkdir()
    (home / "landing" / "items.csv").write_text("id,title,category\n9,Nine,nines\n")
    run("ingest_items", "--ds", DAYS[0])
    for ds in DAYS:
        interests(run, ds)
    for name in ("history_tiles", "user_tiles", "item_tiles", "recent_windows"):
        assert stored.days(name) == DAYS
    assert stored.days("long_term_histories") == DAYS[:5]
    assert counts(last(stored, "long_term_history"))[:2] == (6, 5)
    known = known_at(stored, DAYS[5], settings)
    nine = [item for row in known.histories.to_pylist() for item in row["items"] if item["item_id"] == "9"]
    assert [(item["n"], len(item["last_days"])) for item in nine] == [(5, 5)]

    assert interests(run, DAYS[4]).count("nothing to do") == 3
    names = ("history_tiles", "user_tiles", "item_tiles", "recent_windows", "long_term_histories")
    before = {(name, ds): stored.content_hash(name, ds) for name in names for ds in DAYS}
    interests(run, DAYS[3], "--force")
    assert {(name, ds): stored.content_hash(name, ds) for name in names for ds in DAYS} == before


def test_a_night_does_all_four_steps_and_a_second_one_none(run: Run, home: Path, tables: Tables) -> None:
    deliver(home, DAYS[0], f"1,u,7,purchase,{DAYS[0]}T10:00:00Z")
    said = run("events_to_interests", "--ds", DAYS[0])
    assert said.splitlines()[0].startswith(f"ingest_events ds={DAYS[0]}: 1 rows in, 1 out")
    assert [len(tables.read(name, [DAYS[0]])) for name in ("events", "history_tiles", "recent_windows")] == [1, 1, 1]
    assert run("events_to_interests", "--ds", DAYS[0]).count("nothing to do") == 5
    assert "nothing was delivered" in run("events_to_interests", "--ds", DAYS[1], code=2)
    assert tables.days("events") == tables.days("history_tiles") == [DAYS[0]]


def test_item_hours_are_made_of_the_last_seven_days_of_arrival(run: Run, stored: Tables) -> None:
    """Six events a day: four at ten, one late one of the day before, and a search, which takes nothing."""
    for ds in DAYS:
        interests(run, ds)
    run("item_states", "--ds", DAYS[-1])
    hours = stored.read("item_hours", [DAYS[-1]]).to_pylist()
    late = [row["hour"].isoformat() for row in hours if row["item_id"] == "9"]
    assert late == [f"{ds}T23:00:00+00:00" for ds in DAYS[:-1]]
    assert sum(row["events"] for row in hours) == 4 * len(DAYS) + len(late)
    states = {row["item_id"]: row for row in stored.read("item_states", [DAYS[-1]]).to_pylist()}
    assert (states["9"]["newest_hour"], states["9"]["buyers_hours"]) == (24, [0] * 5)
    assert (states["0"]["newest_hour"], states["0"]["buyers_hours"]) == (13, [0, 0, 0, 0, 1])
    assert run("item_states", "--ds", DAYS[-1]).count("nothing to do") == 1
    put_events(stored, DAYS[-2], more=1)
    assert "nothing to do" not in run("item_states", "--ds", DAYS[-1])


def test_states_of_items_are_made_when_the_window_they_lacked_is_there(run: Run, stored: Tables) -> None:
    run("long_term_history", "--ds", DAYS[0])
    assert "1 days of recent_windows are missing" in run("item_states", "--ds", DAYS[0])
    run("recent_window", "--ds", DAYS[0])
    run("item_states", "--ds", DAYS[0])
    assert stored.days("item_states") == [DAYS[0]]


def test_tiles_may_come_in_any_order_and_a_gap_only_puts_the_base_off(run: Run, stored: Tables) -> None:
    run("long_term_history", "--ds", DAYS[0])
    assert "no base: 1 tiles before it are missing" in run("long_term_history", "--ds", DAYS[2])
    run("long_term_history", "--ds", DAYS[1])
    assert stored.days("history_tiles") == DAYS[:3]
    said = run("long_term_history", "--ds", DAYS[2])
    assert "history_base ds=2017-03-10: " in said and "a new base" in said


def test_a_window_needs_every_day_since_it_begins(run: Run, stored: Tables) -> None:
    run("recent_window", "--ds", DAYS[5])
    put_events(stored, "2017-03-15")
    assert "table events lacks 2017-03-14" in run("recent_window", "--ds", "2017-03-15", code=2)
    assert "table events lacks 2017-03-20" in run("long_term_history", "--ds", "2017-03-20", code=2)
    assert stored.days("recent_windows") == [DAYS[5]]
