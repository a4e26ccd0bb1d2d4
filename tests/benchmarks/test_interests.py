"""The benchmark of histories and windows, tiny: peers that agree with LSIF, and costs that add up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.interests import log, real, same
from benchmarks.interests.__main__ import PEERS
from benchmarks.interests.peers.task import Task
from lsif.interests import windows
from lsif.interests.history import HistorySettings, merged
from lsif.interests.tiles import COLUMNS, tiles_of_day
from lsif.interests.windows import windows_at
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

DAYS = [log.day(number) for number in range(5)]
TILES = ("history_tiles", "user_tiles", "item_tiles")
HOW = HistorySettings((7.0, 30.0), 2)
PROJECT = Path(__file__).resolve().parents[2]
SPIN = "import time\nwhile time.process_time() < 1: pass"
ORPHAN = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SPIN!r}])"
MEASURE = "import os, sys; from benchmarks.interests.measure import measured; "


def python(*words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, *words], env=environment, check=True, capture_output=True, text=True, cwd=PROJECT
    ).stdout


def test_the_log_is_a_function_of_its_seed() -> None:
    shop = log.Shop(0.01)
    day = log.day_of_events(shop, log.day(1))
    assert day.equals(log.day_of_events(shop, log.day(1)))
    assert not day["item"].equals(log.day_of_events(shop, log.day(2))["item"])
    assert len(day) == shop.events == 2_222
    robot = log.day_of_events(log.Shop(0.01, skewed=True), log.day(1)).to_pandas()["user"].value_counts()
    assert robot.index[0] == f"u{shop.users}"
    assert robot.iloc[0] == 11_111


def test_the_real_year_is_delivered_as_the_made_up_one(tmp_path: Path) -> None:
    real.RealYear().deliver(tmp_path, 2)
    log.Shop(0.0005).deliver(tmp_path / "made up", 2)
    files = [f"landing/{name}.parquet" for name in ("items", f"events/{DAYS[0]}", f"events/{DAYS[1]}")]
    for name in files:
        ours, made_up = (pq.read_table(folder / name) for folder in (tmp_path, tmp_path / "made up"))
        assert ours.schema.equals(made_up.schema), name
        assert len(ours) == len(set(ours["id"].to_pylist())) > 3_000
    assert {str(time)[:10] for time in ours["time"].to_pylist()} == {DAYS[1]}


def test_a_process_that_outlives_its_parent_is_counted(tmp_path: Path) -> None:
    said = python("-c", f"{MEASURE}print(measured([sys.executable, '-c', {ORPHAN!r}], dict(os.environ)).cpu)")
    assert 1.0 <= float(said) < 5.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Path]:
    """Tables of a tiny shop by LSIF's arrays, without a JVM, and what a peer is asked for."""
    home = tmp_path_factory.mktemp("tiny")
    tables, shop = Tables(str(home / "tables")), log.Shop(0.0005)
    catalogue = log.catalogue(shop).rename_columns(["item_id", "title", "category"])
    known = {"events": {ds: stored(tables, log.day_of_events(shop, ds)) for ds in DAYS}}
    tiles = {ds: tiles_of_day(events.select(COLUMNS)) for ds, events in known["events"].items()}
    known |= {name: {ds: made[name] for ds, made in tiles.items()} for name in TILES}
    of_all = pa.concat_tables(
        rows.append_column("ds", [[ds] * len(rows)]) for ds, rows in known["history_tiles"].items()
    )
    nothing = arrow_schema(TABLES["long_term_histories"]).empty_table()
    histories = merged(nothing, of_all, catalogue, DAYS[-1], HOW).drop_columns("ds")
    window = windows_at(pa.concat_tables(known["events"].values()).select(windows.COLUMNS), DAYS[-1], 28, 4)
    known |= {"long_term_histories": {DAYS[-1]: histories}, "recent_windows": {DAYS[-1]: window}}
    for name, days in known.items():
        writer = tables.writer(name)
        for ds, rows in days.items():
            writer.write(ds, rows)
        writer.commit()
    pq.write_table(catalogue, home / "items.parquet")
    task = Task(
        events=same.files_of(tables, "events", DAYS),
        items=str(home / "items.parquet"),
        ds=DAYS[-1],
        half_lives_days=list(HOW.half_lives_days),
        last_days=HOW.last_days,
        recent_days=28,
        window_events=4,
    )
    (home / "task.json").write_text(json.dumps(vars(task)))
    return tables, home


def stored(tables: Tables, delivered: pa.Table) -> pa.Table:
    """As the table `events` has them."""
    rows = delivered.rename_columns(["event_id", "user_id", "item_id", "event_type", "event_time"]).to_pylist()
    for row in rows:
        row |= {"source": "shop", "weight": 1.0 if row["event_type"] == "purchase" else 0.5}
    return pa.Table.from_pylist(rows, tables.schema("events"))


SLOW = {"by_spark"}
"""Half a minute for a start of Spark: with the other tests that are long."""


@pytest.mark.parametrize(
    "peer", [pytest.param(peer, marks=[pytest.mark.long] * (peer in SLOW)) for peer in PEERS.values()]
)
def test_peers_have_the_same_features(peer: str, made: tuple[Tables, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSIF_SPARK_MASTER", "local[2]")
    tables, home = made
    python("-m", f"benchmarks.interests.peers.{peer}", "--task", str(home / "task.json"), "--out", str(home / peer))
    found = same.different(tables, DAYS, home / peer / "all")
    assert set(found) == {"histories", "categories", "windows", "user_days", "item_days"}
    assert all(not bad and rows > 30 for bad, rows in found.values()), found
