"""A night on a real standalone cluster: the rows of one machine, and still when a worker dies in mid-job."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from lsif.interests.storing import TILES
from lsif.tables import Tables
from tests.jobs.conftest import Run, deliver
from tests.jobs.standalone import Cluster, standalone
from tests.processes import PATIENCE, kill, wait_for
from tests.scripts import JOBS

pytestmark = pytest.mark.long

D1, D2 = "2017-03-12", "2017-03-13"
EVENTS = 2_000
WRITTEN = (
    "events",
    "quarantine",
    "history_tiles",
    "user_tiles",
    "item_tiles",
    "long_term_histories",
    "recent_windows",
)
NIGHT = "events_to_interests"


@pytest.fixture
def landed(home: Path) -> Path:
    """Two days of ties, late events, repeated ids and broken rows, and a catalogue."""
    for ds in (D1, D2):
        rows = [
            f"{ds}-{n % (EVENTS - 9)},u{n * n % 97},{n % 31},{('purchase', 'browse')[n % 2]},{(D1, ds)[n % 5 > 0]}"
            f"T{n % 24:02d}:00:00Z"
            for n in range(EVENTS)
        ]
        deliver(home, ds, *rows, f"bad,u1,7,wink,{ds}T12:00:00Z")
    (home / "landing" / "items.csv").write_text("id,title,category\n1,One,odd\n2,Two,even\n3,Three,odd\n")
    return home


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with standalone(tmp_path / "cluster", workers=2) as started:
        yield started


@contextmanager
def started(cluster: Cluster, tables: Tables, log: Path, ds: str) -> Iterator[subprocess.Popen[bytes]]:
    """A night on the cluster; gone with its JVM when the block ends, however it ends."""
    command = [sys.executable, str(JOBS / f"{NIGHT}.py"), "--ds", ds]
    environment = {**cluster.environment, "LSIF_TABLES": tables.root}
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as job:
        family = psutil.Process(job.pid)
        try:
            yield job
        finally:
            kill(family)


def hashes(tables: Tables) -> dict[tuple[str, str], str]:
    return {(name, ds): tables.content_hash(name, ds) for name in WRITTEN for ds in tables.days(name)}


@pytest.mark.timeout(900)  # seven JVMs; a minute on two idle cores
def test_a_cluster_writes_the_same_rows_and_outlives_a_worker(
    run: Run, landed: Path, tables: Tables, cluster: Cluster
) -> None:
    run("ingest_items", "--ds", D1)
    run(NIGHT, "--ds", D1)
    shutil.copytree(tables.root, landed / "there")
    there, log = Tables(str(landed / "there")), landed / "job.log"
    before = {name: there.fingerprint(name, D2) for name in TILES}
    new = Path(there.path("user_tiles"))
    files = set(new.rglob("*.parquet"))

    with started(cluster, there, log, D2) as job:
        wait_for("new file", lambda: "yes" if set(new.rglob("*.parquet")) - files else "")
        assert there.days("events") == [D1, D2], "committed by two workers"
        assert {name: there.fingerprint(name, D2) for name in TILES} == before, "nothing is committed yet"
        kill(cluster.workers[0])
        run(NIGHT, "--ds", D2)
        assert job.wait(PATIENCE) == 0, log.read_text()
    assert "Lost executor" in log.read_text()
    assert hashes(there) == hashes(tables)
    assert set(hashes(there)) == {(name, ds) for name in WRITTEN for ds in (D1, D2)}
