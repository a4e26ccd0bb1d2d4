"""A job killed half-way through its write: the table is as it was, nothing lives on, and a retry succeeds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from lsif.tables import Tables
from tests.interests import log
from tests.jobs.conftest import deliver
from tests.processes import PATIENCE, lives, wait_for
from tests.scripts import JOBS

DS, ROWS = "2017-03-12", 60_000
SETPRIV = ["setpriv", "--pdeathsig", "KILL"]  # as a task starts its job


def start() -> subprocess.Popen[bytes]:
    command = [*SETPRIV, sys.executable, str(JOBS / "ingest_events.py"), "--ds", DS, "--force"]
    environment = {**os.environ, "PYTHONPATH": str(JOBS.parent), "LSIF_SPARK_MASTER": "local[1]"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_kill_in_mid_write_changes_nothing(home: Path, tables: Tables) -> None:
    writer = tables.writer("events")
    writer.write(DS, log.as_arrow(log.hard_cases()).drop_columns("ds"))
    writer.commit()
    before, folder = tables.content_hash("events", DS), home / "tables" / "events"
    files = set(folder.rglob("*.parquet"))
    deliver(home, DS, *(f"new-{n},u{n % 99},7,purchase,{DS}T10:00:00Z" for n in range(ROWS)))

    job = start()
    wait_for("new file", lambda: job.poll() is not None or bool(set(folder.rglob("*.parquet")) - files))
    family = [psutil.Process(job.pid), *psutil.Process(job.pid).children(recursive=True)]
    assert "java" in [process.name() for process in family]
    os.kill(job.pid, signal.SIGKILL)
    job.wait(PATIENCE)
    wait_for("end of the JVM", lambda: not any(map(lives, family)), patience=30.0)

    assert tables.content_hash("events", DS) == before
    assert start().wait(PATIENCE) == 0
    assert tables.read("events", [DS]).num_rows == ROWS
