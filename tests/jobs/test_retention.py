"""The weekly tidying through its job: sizes in the ledger, thinned days closed, and nights that go on."""

from pathlib import Path

import pytest

from lsif.days import days_between
from lsif.schema import TABLES
from lsif.stale import stale_steps
from lsif.tables import Tables
from tests.jobs.conftest import Run, deliver, last

pytestmark = pytest.mark.long

DAYS = days_between("2017-03-01", "2017-03-26")
BASE, LAST, NEXT = DAYS[3], DAYS[-2], DAYS[-1]
SHORT = """
[training]
horizon_days = 1
cutoffs = 3
[retention]
days = 1
[interests]
popularity_days = 3
recent_days = 4
"""


def test_old_days_are_thinned_closed_and_missed_by_no_night(run: Run, home: Path, tables: Tables) -> None:
    config = home / "shop.toml"
    config.write_text(config.read_text() + SHORT)
    (home / "landing").mkdir()
    (home / "landing" / "items.csv").write_text("id,title,category\n1,One,ones\n")
    run("ingest_items", "--ds", DAYS[0])
    for ds in DAYS:
        deliver(home, ds, *(f"{ds}-{n},u{n},{n % 3},purchase,{ds}T10:00:00Z" for n in range(4)))
    run("import_past", "--from", DAYS[0], "--ds", DAYS[2])
    run("events_to_interests", "--ds", BASE)
    run("import_past", "--from", DAYS[4], "--ds", LAST)

    said = run("retention", "--ds", LAST)
    assert f"retention of history_tiles ds={LAST}: 100 rows in, 84 out, 4 days thinned; 21 files of " in said
    assert tables.days("history_tiles") == DAYS[4:-1]
    assert last(tables, "retention of events")["note"].startswith("0 days thinned; 25 files of ")
    assert run("retention", "--ds", LAST).count("nothing to do") == len(TABLES)
    assert tables.size("runs").files < len(TABLES) + 2, "the ledger was packed"
    assert stale_steps(tables) == []

    before = tables.fingerprint("events", DAYS[1])
    deliver(home, DAYS[1], f"other,u,1,purchase,{DAYS[1]}T10:00:00Z")
    for job, *days in (("ingest_events", "--ds", DAYS[1]), ("import_past", "--from", DAYS[1], "--ds", DAYS[1])):
        assert f"ds={DAYS[1]} is closed: tiles up to {BASE} have been thinned" in run(job, *days, code=2)
    assert "is closed" in run("long_term_history", "--ds", BASE, "--force", code=2)
    assert tables.fingerprint("events", DAYS[1]) == before

    run("events_to_interests", "--ds", NEXT)
    assert [tables.rows(name, NEXT)[NEXT] for name in ("events", "history_tiles", "recent_windows")] == [4, 4, 4]
    run("import_past", "--from", DAYS[0], "--ds", BASE)
    assert tables.days("history_tiles") == DAYS, "the whole past again opens what was closed"
