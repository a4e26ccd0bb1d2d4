"""A night scored on a real standalone cluster: the rows of one machine, and still when a worker dies in mid-job."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pytest
from pyspark.serializers import ChunkedStream

from lsif.ranking.by_executors import Shipped
from tests.jobs.standalone import Cluster, standalone
from tests.processes import PATIENCE, kill, wait_for
from tests.ranking import shop
from tests.ranking.harness import Shop
from tests.scripts import JOBS

pytest_plugins = ["tests.ranking.harness"]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with standalone(tmp_path / "cluster", workers=2) as started:
        yield started


def scores(worker: psutil.Process) -> str:
    """Whether a worker has a Python at work for it."""
    with suppress(psutil.NoSuchProcess):  # whoever ends meanwhile
        return "".join(child.name() for child in worker.children(recursive=True) if child.name().startswith("python"))
    return ""


def test_what_is_shipped_passes_where_spark_encrypts_it() -> None:
    """PySpark's stream to a JVM that encrypts takes what has a length; large arrays come to it as buffers, without."""
    sent, many = BytesIO(), np.arange(100_000)
    sent.close = lambda: None  # type: ignore[method-assign]
    shipped = Shipped(Carried(many), pa.array(["u1"]), [0, 1], None, None)  # type: ignore[arg-type]
    stream = ChunkedStream(sent, 8192)
    pickle.dump(shipped, stream, pickle.HIGHEST_PROTOCOL)
    stream.close()
    assert np.array_equal(pickle.loads(b"".join(chunks(sent.getvalue()))).night.numbers, many)


@dataclass
class Carried:
    """In place of a night."""

    numbers: np.ndarray


def chunks(framed: bytes) -> Iterator[bytes]:
    """What the JVM takes out of the stream: lengths of four bytes, -1 at the end."""
    at = 0
    while (length := int.from_bytes(framed[at : at + 4], signed=True)) >= 0:
        yield framed[at + 4 : at + 4 + length]
        at += 4 + length


@pytest.mark.timeout(600)  # five JVMs
def test_executors_write_the_rows_of_one_machine_and_outlive_a_worker(
    champion: Shop, cluster: Cluster, tmp_path: Path
) -> None:
    champion.night()
    alone = champion.tables.content_hash("recommendations", shop.DS)
    files = set(Path(champion.tables.path("recommendations")).rglob("*.parquet"))

    command = [sys.executable, str(JOBS / "score_users.py"), "--ds", shop.DS, "--force"]
    with (
        (tmp_path / "log").open("wb") as out,
        subprocess.Popen(command, env=cluster.environment, stdout=out, stderr=out) as job,
    ):
        family = psutil.Process(job.pid)
        try:
            wait_for("Python on a worker", lambda: scores(cluster.workers[0]))
            kill(cluster.workers[0])
            assert job.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
        finally:
            kill(family)

    assert "Lost executor" in (tmp_path / "log").read_text()
    assert len(set(Path(champion.tables.path("recommendations")).rglob("*.parquet")) - files) > 1
    champion.run("audit_recommendations")
    champion.run("publish_recommendations")
    assert champion.tables.content_hash("recommendations", shop.DS) == alone
