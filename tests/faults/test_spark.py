"""Real Spark jobs killed, at named places and at random moments: whole days in every table, one plain retry ends it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lsif.config import load_settings
from lsif.schema import TABLES
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.faults.places import ENDS
from tests.faults.tally import Tally
from tests.jobs.conftest import deliver
from tests.jobs.test_kill import SETPRIV
from tests.scripts import JOBS, run_job

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.long

D1, D2 = "2017-03-11", "2017-03-12"
STEP, KILLED = "events_to_interests", "a real Spark job, killed"
PLACES = (
    *(f"after_frame:{how}" for how in ENDS),
    "after_frame:kill:2",
    "before_work:kill:3",
    "after_file:kill:2",
    "before_commit:kill:2",
    "after_compare:kill:2",
    "after_commit:kill:1",
    "after_commit:kill:4",
    "after_work:kill:1",
    "after_ledger:kill:2",
)
MOMENTS, SEED = 6, 3
Content = dict[tuple[str, str], str]
"""A hash of the rows of each day of each table."""


def content(tables: Tables) -> Content:
    names = [name for name, table in TABLES.items() if table.partitioned]
    return {(name, ds): tables.content_hash(name, ds) for name in names for ds in tables.days(name)}


def start(home: Path, failpoint: str = "") -> subprocess.Popen[bytes]:
    command = [*SETPRIV, sys.executable, str(JOBS / f"{STEP}.py"), "--ds", D2]
    env = {**os.environ, "PYTHONPATH": str(JOBS.parent), "LSIF_SPARK_MASTER": "local[1]", "LSIF_FAILPOINT": failpoint}
    env |= {"LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "shop.toml")}
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def night(spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Content, Content, float]:
    """A home before the night of D2, what its tables show then and after that night, and the seconds that it takes."""
    home = tmp_path_factory.mktemp("before")
    (home / "shop.toml").write_text(SHOP)
    for ds in (D1, D2):
        rows = [
            f"{ds}-{n},u{n % 17},{n % 9},{'wink' if n % 50 == 0 else 'purchase'},{ds}T10:00:00Z" for n in range(600)
        ]
        deliver(home, ds, *rows)
    with pytest.MonkeyPatch.context() as patch:
        run = retry(home, patch, D1)
        run()
        before = content(run())
        shutil.copytree(home, after := home.with_name("after"))
        started = time.monotonic()
        assert start(after).wait() == 0
        seconds = time.monotonic() - started
        expected = content(Tables(str(after / "tables")))
    assert {ds for _, ds in expected.keys() - before.keys()} == {D2}
    return home, before, expected, seconds


def retry(home: Path, patch: pytest.MonkeyPatch, ds: str = D2) -> Callable[[], Tables]:
    """A way to run the night here, whose Spark is warm."""
    patch.setenv("LSIF_HOME", str(home))
    patch.setenv("LSIF_CONFIG", str(home / "shop.toml"))

    def run() -> Tables:
        run_job(patch, None, STEP, "--ds", ds)
        return Tables(load_settings().tables)

    return run


@dataclass(frozen=True)
class Disturbed:
    """A copy of the home before the night, to be disturbed; `seconds` is what the night takes undisturbed."""

    home: Path
    seconds: float
    before: Content
    after: Content
    patch: pytest.MonkeyPatch
    tally: Tally

    def try_again(self) -> None:
        """Count what the fault has left, and what one plain retry makes of it."""
        found, after = content(Tables(str(self.home / "tables"))), self.after
        odd = any(found.get(key) not in (self.before.get(key), after[key]) for key in after)
        self.tally.add(KILLED, bool(odd or found.keys() - after.keys()))
        tables = retry(self.home, self.patch)()
        steps = [row["step"] for row in tables.read("runs").to_pylist() if row["status"] == "done" and row["ds"] == D2]
        self.tally.add("its plain retry (Spark)", lost=content(tables) != after, doubled=len(steps) != len(set(steps)))


@pytest.fixture
def disturbed(
    night: tuple[Path, Content, Content, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> Disturbed:
    home, before, after, seconds = night
    shutil.copytree(home, tmp_path / "home")
    return Disturbed(tmp_path / "home", seconds, before, after, monkeypatch, tally)


@pytest.mark.parametrize("place", PLACES)
def test_a_job_that_fails_there_leaves_whole_days(place: str, disturbed: Disturbed) -> None:
    assert start(disturbed.home, place).wait() == ENDS[place.split(":")[1]], "it was not reached"
    disturbed.try_again()


@pytest.mark.parametrize("number", range(MOMENTS))
def test_a_job_that_is_killed_at_a_random_moment_leaves_whole_days(number: int, disturbed: Disturbed) -> None:
    job = start(disturbed.home)
    # The first half starts Python and a JVM; a machine that is busy only makes the moment an earlier one.
    moment = random.Random(SEED + number).uniform(0.4, 1.0) * disturbed.seconds
    try:
        job.wait(moment)
    except subprocess.TimeoutExpired:
        os.kill(job.pid, signal.SIGKILL)
    assert job.wait() in (0, -signal.SIGKILL)
    disturbed.try_again()
