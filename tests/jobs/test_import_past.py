"""A whole past in one application: equal to its nights, and the cutoffs that a training reads."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from lsif.config import load_settings
from lsif.days import days_between
from lsif.tables import Tables
from tests.interests import log
from tests.jobs.conftest import Run, counts, deliver, last
from tests.known import known_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST, LAST = "2017-03-01", "2017-04-04"
DAYS = days_between(FIRST, LAST)


@pytest.fixture
def landed(home: Path) -> Path:
    """Five weeks by day; each week one id comes again within days. Each day one row is broken, one of the day before,
    one of the day after and one of eight days before."""
    for number, ds in enumerate(DAYS):
        moment = datetime.fromisoformat(ds).replace(tzinfo=UTC)
        events = [log.event(ds, f"u{(number + n) % 5}", str(n), moment.replace(hour=n)) for n in range(number % 4)]
        rows = [
            f"{ds}-{n},{e['user_id']},{e['item_id']},purchase,{e['event_time']:%Y-%m-%dT%H:%M:%SZ}"
            for n, e in enumerate(events)
        ]
        for name, days in {"late": -1, "future": 1, "too-late": -8}.items():
            rows.append(f"{ds}-{name},u3,7,purchase,{moment + timedelta(days):%Y-%m-%dT%H:%M:%SZ}")
        deliver(home, ds, *rows, f"again-{number // 3},u1,7,browse,{ds}T12:00:00Z", f"bad,u1,7,wink,{ds}T12:00:00Z")
    (home / "landing" / "items.csv").write_text("id,title,category\n1,One,ones\n")
    return home


@pytest.mark.long
def test_a_past_equals_its_nights(run: Run, landed: Path, tables: Tables) -> None:
    days = DAYS[:5]
    run("import_past", "--from", days[0], "--ds", days[-1])
    once = counts(last(tables, "import_past"))
    names = ("events", "quarantine", "history_tiles", "user_tiles", "item_tiles")
    whole = {(name, ds): tables.content_hash(name, ds) for name in names for ds in days}
    sums = [0, 0, 0, 0]
    for ds in days:
        run("ingest_events", "--ds", ds)
        run("long_term_history", "--ds", ds)
        sums = [total + one for total, one in zip(sums, counts(last(tables, "ingest_events")), strict=True)]
    assert {(name, ds): tables.content_hash(name, ds) for name in names for ds in days} == whole
    assert once == tuple(sums)
    assert once[2:] == (3, 15), "ids that came again, and broken rows"
    late = tables.read("events", [days[3]]).filter(pc.field("event_id") == f"{days[3]}-late")
    assert [f"{at:%F}" for at in late["event_time"].to_pylist()] == [days[2]]
    assert "nothing to do" in run("import_past", "--from", days[0], "--ds", days[-1])


def test_cutoffs_are_written_once_and_are_what_was_known(run: Run, landed: Path, tables: Tables) -> None:
    run("ingest_items", "--ds", FIRST)
    run("import_past", "--from", FIRST, "--ds", LAST)
    assert "at 4 cutoffs" in run("training_cutoffs", "--ds", LAST)
    cutoffs = ["2017-03-07", "2017-03-14", "2017-03-21", "2017-03-28"]
    assert tables.days("long_term_histories") == tables.days("recent_windows") == cutoffs
    settings = load_settings()
    by_cutoff = known_at(tables, cutoffs[2], settings).histories
    before = {ds: tables.fingerprint("long_term_histories", ds) for ds in cutoffs}

    assert "nothing to do" in run("training_cutoffs", "--ds", LAST)
    deliver(landed, "2017-04-05")
    run("ingest_events", "--ds", "2017-04-05")
    run("long_term_history", "--ds", "2017-04-05")
    run("training_cutoffs", "--ds", "2017-04-05")
    after = {ds: tables.fingerprint("long_term_histories", ds) for ds in cutoffs}
    assert after == before, "what is there stays"

    alone = Tables(f"{tables.root}-alone")
    for name in ("history_tiles", "item_tiles", "user_tiles", "recent_windows", "items"):
        writer = alone.writer(name)
        for ds in tables.days(name, last=cutoffs[2]):
            writer.write(ds, tables.read(name, [ds]).select(tables.schema(name).names))
        writer.commit()
    assert known_at(alone, cutoffs[2], settings).histories.equals(by_cutoff)


def test_a_log_too_young_or_a_range_turned_round_is_one_line(run: Run, landed: Path, tables: Tables) -> None:
    assert "--from 2017-03-02 is after --ds 2017-03-01" in run("import_past", "--from", DAYS[1], "--ds", FIRST, code=2)
    folder = landed / "landing" / "shop"
    for ds in DAYS[1:8]:
        (folder / f"{ds}.csv").unlink()
    said = run("import_past", "--from", FIRST, "--ds", DAYS[9], code=2)
    assert f"at {folder}/{DAYS[1]}.csv, " in said
    assert f"{DAYS[5]}.csv and 2 more places" in said
    assert "the following arguments are required: --from" in run("import_past", "--ds", FIRST, code=2)
    assert tables.days("events") == []


def test_a_day_of_a_past_costs_no_look_at_a_log_and_no_job(
    run: Run, landed: Path, tables: Tables, spark: "SparkSession", monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    plain = DeltaTable.__init__

    def counting(self: DeltaTable, table_uri: str, *args: Any, **named: Any) -> None:
        opened.append(table_uri)
        plain(self, table_uri, *args, **named)

    monkeypatch.setattr(DeltaTable, "__init__", counting)

    def cost(first: str, last: str) -> tuple[int, int]:
        opened.clear()
        spark.sparkContext.setJobGroup(first, "jobs of this import alone: of all jobs Spark forgets the older ones")
        run("import_past", "--from", first, "--ds", last)
        return len(opened), len(spark.sparkContext.statusTracker().getJobIdsForGroup(first))

    few, many = cost(DAYS[0], DAYS[3]), cost(DAYS[4], DAYS[-1])
    assert few[0] > 0 and few[1] > 0
    assert many[0] <= few[0] + 2 and many[1] <= few[1] + 4, (few, many)
    left = [file for file in Path(tables.path("events")).rglob("*.parquet") if file.parent.name.startswith("ds=")]
    assert len(left) == len(list(Path(tables.path("events")).rglob("*.parquet"))) == len(DAYS), "a file a day, no more"


def test_days_are_cut_where_they_end(spark: "SparkSession", tables: Tables) -> None:
    """Two partitions, sorted by day each, with days in both: nothing is lost, and every day in its own place."""
    rows = [("i1", DAYS[0]), ("i2", DAYS[0]), ("i3", DAYS[2]), ("i4", DAYS[2]), ("i5", DAYS[3])]
    columns = "item_id string, events long, baskets long, buyers long, weight double, ds string"
    frame = spark.createDataFrame([(item, 1, 1, 1, 1.0, ds) for item, ds in rows], columns).coalesce(1)
    writer = tables.writer("item_tiles")
    writer.write_frame(
        frame.union(frame.selectExpr("'j' || item_id", *columns_but_first(columns))), DAYS[:4], len(rows)
    )
    writer.commit()
    found = tables.read("item_tiles").sort_by("item_id").to_pylist()
    assert [(row["item_id"], row["ds"]) for row in found] == [*rows, *((f"j{item}", ds) for item, ds in rows)]
    assert tables.rows("item_tiles") == {DAYS[0]: 4, DAYS[1]: 0, DAYS[2]: 4, DAYS[3]: 2}


def columns_but_first(columns: str) -> list[str]:
    return [column.split()[0] for column in columns.split(", ")[1:]]
