"""The parts beside PostgreSQL: the command that starts each, the preparation of its database, its health."""

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import httpx

from lsif.errors import LsifError
from lsif.services import postgres
from lsif.services.environment import database_url, mlflow_server_environment
from lsif.services.layout import Endpoints, Layout, tail

SERVERS = ("api-server", "mlflow", "scheduler", "dag-processor", "triggerer")
"""In the order they are started: tasks need the api-server."""
PARTS = (postgres.NAME, *SERVERS)


def command(part: str, layout: Layout, chosen: Endpoints) -> list[str]:
    """The command line of one part. Nothing listens on anything but 127.0.0.1: the log servers would."""
    if part == "mlflow":
        return [
            *[sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"],
            *["--port", str(chosen.mlflow_port), "--app-name", "basic-auth", "--enable-workspaces"],
            *["--backend-store-uri", database_url(layout, chosen, "mlflow")],
            *["--artifacts-destination", str(layout.artifacts)],
        ]
    options = {
        "api-server": ["--host", "127.0.0.1", "--port", str(chosen.airflow_port), "--workers", "1"],
        "scheduler": ["--skip-serve-logs"],
        "triggerer": ["--skip-serve-logs"],
    }
    return [sys.executable, "-m", "airflow", part, *options.get(part, [])]


def own_environment(part: str, layout: Layout) -> dict[str, str]:
    """What one part is told and the others are not."""
    return mlflow_server_environment(layout) if part == "mlflow" else {}


def migrate(layout: Layout, chosen: Endpoints, env: Mapping[str, str]) -> None:
    """Bring both databases to the installed versions, side by side; costs nothing when they are there already.

    Raises:
        LsifError: a migration failed; holds the end of its log.
    """
    python = sys.executable
    todo = {
        "airflow": (version("apache-airflow-core"), [python, "-m", "airflow", "db", "migrate"]),
        "mlflow": (
            version("mlflow"),
            [python, "-m", "mlflow", "db", "upgrade", database_url(layout, chosen, "mlflow")],
        ),
    }
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(_migrate, layout, chosen, env, name, *job) for name, job in todo.items()]
    for job in jobs:
        job.result()


def _migrate(
    layout: Layout, chosen: Endpoints, env: Mapping[str, str], name: str, wanted: str, argv: list[str]
) -> None:
    if postgres.schema_version(layout, chosen.sockets, name) == wanted:
        return
    log = f"{name}-migration"
    with layout.log(log).open("wb") as output:
        done = subprocess.run(argv, env=dict(env), stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise LsifError(f"the {name} database could not be prepared; {tail(layout, log)}")
    postgres.note_schema(layout, chosen.sockets, name, wanted)


def health(airflow_url: str, mlflow_url: str) -> dict[str, bool]:
    """Part = whether its health endpoint (or Airflow's report of its heartbeat) calls it healthy right now."""
    airflow = _get(f"{airflow_url}/api/v2/monitor/health")
    report = airflow.json() if airflow else {}
    says = {part: report.get(key, {}).get("status") == "healthy" for part, key in _REPORTED.items()}
    return {**says, "api-server": airflow is not None, "mlflow": _get(f"{mlflow_url}/health") is not None}


_REPORTED = {
    postgres.NAME: "metadatabase",
    "scheduler": "scheduler",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
}


def _get(url: str) -> httpx.Response | None:
    """The answer, or None while nobody (or nobody healthy) answers."""
    try:
        answer = httpx.get(url, timeout=5, trust_env=False)
    except httpx.TransportError:
        return None
    return answer if answer.is_success else None
