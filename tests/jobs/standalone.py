"""A Spark standalone master and workers of one core each, processes of their own on 127.0.0.1, from the package."""

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import pyspark

from tests.processes import kill, wait_for

PACKAGE = Path(pyspark.__file__).parent
PROJECT = Path(__file__).resolve().parents[2]
QUICK = "-XX:TieredStopAtLevel=1"


@dataclass
class Cluster:
    """`environment` is what a job needs to run on it."""

    folder: Path
    master: str = ""
    workers: list[psutil.Process] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        conf = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.extraJavaOptions": QUICK,
            "spark.executor.extraJavaOptions": QUICK,
            "spark.executor.memory": "512m",
            "spark.sql.shuffle.partitions": "4",
        }
        joined = " ".join(f"{key}={value}" for key, value in conf.items())
        return {**_daemons(self.folder), "LSIF_SPARK_MASTER": self.master, "LSIF_SPARK_CONF": joined}


@contextmanager
def standalone(folder: Path, workers: int) -> Iterator[Cluster]:
    """Started, registered, and stopped with everything they started; every port is one the system picked."""
    folder.mkdir()
    # As docker-compose.yaml's: whoever reaches a master may run code on its workers.
    defaults = (PROJECT / "docker" / "spark-defaults.conf").read_text()
    (folder / "spark-defaults.conf").write_text(f"{defaults}spark.authenticate.secret {secrets.token_hex()}\n")
    cluster = Cluster(folder)
    with ExitStack() as running:
        log = running.enter_context(_daemon(folder, "master.Master"))[1]
        cluster.master = wait_for("master", lambda: found(log, r"(spark://127\.0\.0\.1:\d+)(?s:.*)elected leader"))
        names = [f"worker{number}" for number in range(workers)]
        for name in names:
            options = ["--cores", "1", "--memory", "512m", "--work-dir", str(folder / name / "work"), cluster.master]
            cluster.workers.append(running.enter_context(_daemon(folder, "worker.Worker", *options, name=name))[0])
        for name in names:
            wait_for(name, partial(found, folder / f"{name}.log", "(Successfully registered)"))
        yield cluster


def found(log: Path, pattern: str) -> str:
    match = re.search(pattern, log.read_text())
    return match[1] if match else ""


@contextmanager
def _daemon(folder: Path, kind: str, *options: str, name: str = "master") -> Iterator[tuple[psutil.Process, Path]]:
    command = [str(PACKAGE / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}"]
    command += ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0", *options]
    log = folder / f"{name}.log"
    with log.open("wb") as out, subprocess.Popen(command, env=_daemons(folder), stdout=out, stderr=out) as process:
        family = psutil.Process(process.pid)
        try:
            yield family, log
        finally:
            kill(family)


def _daemons(folder: Path) -> dict[str, str]:
    """Python workers are started by executors, which have the environment of their worker."""
    return {
        **os.environ,
        "SPARK_HOME": str(PACKAGE),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": QUICK,
        "PYTHONPATH": str(PROJECT),
    }
