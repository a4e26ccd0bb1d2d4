"""A night made in another way is the same night: equal rows in every table, whatever the machine is like.

Rows come in another order and in other files; there are other partitions, threads, time zones, languages and homes; the
night is made twice. Where a rejected row lay is the one thing that may differ, and only where files do.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lsif.schema import TABLES
from lsif.tables import Tables
from tests.faults.forks import ROOT
from tests.faults.tally import Tally
from tests.ranking.harness import NEXT_DAY, Shop

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest_plugins = ["tests.ranking.harness"]

SEED, ROWS = 5, 400
PLACE = {("quarantine", "file"), ("quarantine", "line")}
Hashes = dict[str, str]
"""A hash of each table's rows of the night."""
Change = Callable[[Path], None]


def delivered() -> list[str]:
    """Rows of a day: some break a rule, some come twice, some with other words."""
    chance = random.Random(SEED)
    rows = [f"n{n},u{chance.randrange(30):03d},i{chance.randrange(40):03d},purchase" for n in range(ROWS)]
    rows = [f"{row},{NEXT_DAY}T{chance.randrange(24):02d}:{chance.randrange(60):02d}:00Z" for row in rows]
    odd = [row.replace("purchase", "wink") for row in rows[:9]] + [f"b{n},,i001,purchase,never" for n in range(9)]
    return [*rows, *odd, *rows[20:30], *(row.replace(",i0", ",i1") for row in rows[40:45])]


def lay(home: Path) -> None:
    """The day's file, and the catalogue."""
    (home / "landing" / "shop").mkdir(parents=True)
    (home / "landing" / "shop" / f"{NEXT_DAY}.csv").write_text(
        "\n".join(["id,user,item,type,time", *delivered()]) + "\n"
    )
    items = [f"i{n:03d},Tée {n},c{n % 5}" for n in range(41)]
    (home / "landing" / "items.csv").write_text("\n".join(["id,title,category", *items]) + "\n")


def shuffled_and_split(home: Path) -> None:
    """The same rows in another order, in four files of one folder; the catalogue in another order."""
    rows, catalogue = delivered(), home / "landing" / "items.csv"
    random.Random(SEED).shuffle(rows)
    file = home / "landing" / "shop" / f"{NEXT_DAY}.csv"
    file.unlink()
    file.mkdir()
    for number in range(4):
        (file / f"{number}.csv").write_text("\n".join(["id,user,item,type,time", *rows[number::4]]) + "\n")
    head, *items = catalogue.read_text().splitlines()
    catalogue.write_text("\n".join([head, *sorted(items, reverse=True)]) + "\n")


@dataclass(frozen=True)
class Way:
    """How a night is made otherwise."""

    env: dict[str, str] = field(default_factory=dict)
    change: Change = lambda home: None
    home: str = "home"
    times: int = 1


WAYS = {
    "shuffled rows, split files": Way(change=shuffled_and_split),
    "one partition": Way({"LSIF_SPARK_CONF": "spark.sql.shuffle.partitions=1"}),
    "thirteen partitions": Way({"LSIF_SPARK_CONF": "spark.sql.shuffle.partitions=13 spark.sql.adaptive.enabled=false"}),
    "small parts of files": Way({"LSIF_SPARK_CONF": "spark.sql.files.maxPartitionBytes=2000"}),
    "east of Greenwich": Way({"TZ": "Pacific/Kiritimati"}),
    "west of Greenwich": Way({"TZ": "America/Los_Angeles"}),
    "three threads": Way({"LSIF_SPARK_MASTER": "local[3]", "OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}),
    "Turkish, no UTF-8": Way(
        {"LC_ALL": "C", "LANG": "tr_TR", "JAVA_TOOL_OPTIONS": "-Duser.language=tr -Duser.country=TR"}
    ),
    "another home": Way(home="höme + 100%/of & others"),
    "made twice": Way(times=2),
    "another seed of hashes": Way({"PYTHONHASHSEED": "7"}),
}


def hashes(tables: Tables) -> Hashes:
    found = {}
    for name in [name for name, table in TABLES.items() if table.partitioned and NEXT_DAY in tables.days(name)]:
        kept = [column for column in TABLES[name].columns if (name, column) not in PLACE]
        rows = tables.read(name, [NEXT_DAY], kept).to_pylist()
        lines = sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
        found[name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return found


@pytest.fixture(scope="module")
def world(after_training: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home before the night of NEXT_DAY, whose champion scores."""
    home = tmp_path_factory.mktemp("world") / "home"
    shutil.copytree(after_training, home)
    with pytest.MonkeyPatch.context() as patch:
        made = Shop(home, patch, None)
        made.promote_first()
    lay(home)
    return home


@pytest.fixture(scope="module")
def nights(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Way], Hashes]:
    """Makes the night in a way, in a home of its own, by a process of its own."""

    def made(way: Way) -> Hashes:
        home = tmp_path_factory.mktemp("night") / way.home
        shutil.copytree(world, home)
        way.change(home)
        env = {**os.environ, "LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "shop.toml"), "PYTHONPATH": str(ROOT)}
        env |= {"MLFLOW_TRACKING_URI": f"sqlite:///{world}/mlflow.db", "LSIF_SPARK_MASTER": "local[2]"}
        env |= {"LSIF_SPARK_CONF": "spark.sql.shuffle.partitions=2", **way.env}
        for forced in ([], ["--force"])[: way.times]:
            command = [sys.executable, "-m", "tests.faults.nights", NEXT_DAY, *forced]
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
        return hashes(Tables(str(home / "tables")))

    return made


@pytest.fixture(scope="module")
def plain(nights: Callable[[Way], Hashes]) -> Hashes:
    found = nights(Way())
    assert {"events", "quarantine", "recent_windows", "recommendations", "user_interests"} <= found.keys()
    return found


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_a_night_made_otherwise_is_the_same(
    way: str, plain: Hashes, nights: Callable[[Way], Hashes], tally: Tally
) -> None:
    found = nights(WAYS[way])
    differing = [name for name in plain.keys() | found.keys() if plain.get(name) != found.get(name)]
    assert differing == []
    tally.add("a night made in another way")


@pytest.mark.parametrize("step", ["ingest_events", pytest.param("events_to_interests", marks=pytest.mark.long)])
def test_shuffled_rows_in_other_files_are_the_same_rows(
    step: str, spark: "SparkSession", trained: Shop, tmp_path: Path, tally: Tally
) -> None:
    lay(trained.home)
    other = tmp_path / "öther"
    shutil.copytree(trained.home, other)
    shuffled_and_split(other)
    before = spark.conf.get("spark.sql.shuffle.partitions") or ""
    trained.run(step, ds=NEXT_DAY)
    spark.conf.set("spark.sql.shuffle.partitions", "5")
    try:
        again = Shop(other, trained.patch, trained.capture)
        again.run(step, ds=NEXT_DAY)
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", before)
    first, second = hashes(trained.tables), hashes(again.tables)
    assert {"events", "quarantine"} <= first.keys()
    assert [name for name in first if first[name] != second[name]] == []
    tally.add("a night made in another way")
