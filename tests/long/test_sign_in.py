"""Who may do what in the Airflow of docker-compose.yaml, with its own settings, users and headers, on PostgreSQL."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from lsif.airflow_api import Airflow
from lsif.config import project_folder
from lsif.errors import LsifError
from tests.long.conftest import password
from tests.long.environments import environment
from tests.servers import answering, free_port, postgres_server

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

ROOT = project_folder()
SERVICE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]["airflow-api-server"]
ROLES = ("admin", "op", "viewer")


@pytest.fixture(scope="module")
def env(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The file's own, but for places, which are this machine's."""
    home = tmp_path_factory.mktemp("airflow")
    with postgres_server() as url:
        (secrets / "airflow_database").unlink()
        (secrets / "airflow_database").write_text(url.replace("postgresql:", "postgresql+psycopg2:"))
        given = {name: value for name, value in SERVICE["environment"].items() if name.startswith("AIRFLOW__")}
        ours = {name: value.replace("/run/secrets", str(secrets)) for name, value in given.items()}
        ours = {name: value.replace("/opt/lsif", str(ROOT)) for name, value in ours.items()}
        logs = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"), "AIRFLOW__API__BASE_URL": ""}
        yield {**os.environ, **ours, **logs, "AIRFLOW_HOME": str(home), "LSIF_AIRFLOW_HOSTS": "127.0.0.1"}


@pytest.fixture(scope="module")
def url(env: dict[str, str], secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An api-server with the users of the secrets."""
    folder = tmp_path_factory.mktemp("fab")
    lock = ["--no-deps", "--require-hashes", "--requirement", "docker/requirements-fab.lock"]
    python, port = str(environment(folder / "venv", *lock)), free_port()

    def run(*words: str) -> None:
        done = subprocess.run([python, *words], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert not any(password(secrets, "airflow", role) in done.stdout + done.stderr for role in ROLES)

    run("-m", "airflow", "db", "migrate")
    for _ in range(2):  # as every start of the stack does
        run("docker/make_users.py", str(secrets))
    words = [python, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    found = f"http://127.0.0.1:{port}"
    with answering(words, f"{found}/api/v2/version", folder / "log", ROOT, env):
        yield found
    said = (folder / "log").read_text()
    assert not any(password(secrets, "airflow", role) in said for role in ROLES)


def asked(url: str, secrets: Path, role: str, method: str, path: str, body: Any = None) -> int:
    as_role = Airflow(url, role, password(secrets, "airflow", role))
    return int(as_role._http.request(method, path, json=body).status_code)


def test_roles_may_what_their_names_say(url: str, secrets: Path) -> None:
    def codes(method: str, path: str, body: Any = None) -> list[int]:
        return [asked(url, secrets, role, method, path, body) for role in ROLES]

    nowhere = "/api/v2/dags/none/dagRuns"
    assert codes("GET", "/api/v2/dags") == [200, 200, 200]
    assert codes("POST", nowhere, {"logical_date": None}) == [404, 404, 403], "an operator starts runs"
    assert codes("GET", "/api/v2/connections") == [200, 200, 403], "and keeps connections"
    assert codes("GET", "/auth/fab/v1/users") == [200, 403, 403], "an administrator keeps users"


def test_whoever_may_not_is_told_so_and_whoever_is_nobody_too(url: str, secrets: Path) -> None:
    viewer = Airflow(url, "viewer", password(secrets, "airflow", "viewer"))
    with pytest.raises(LsifError, match="the user's role may not do this there"):
        viewer._ask("POST", "/api/v2/pools", {"name": "mine", "slots": 1})
    with pytest.raises(LsifError, match="password or token is not accepted"):
        Airflow(url, "viewer", "guessed")
    assert httpx.get(f"{url}/api/v2/dags", trust_env=False).status_code == httpx.codes.UNAUTHORIZED


def test_pages_answer_to_their_names_and_in_no_other_frame(url: str) -> None:
    for page in ("/", "/auth/login/", "/api/v2/version"):
        answer = httpx.get(url + page, trust_env=False)
        assert answer.headers["x-frame-options"] == "SAMEORIGIN", page
        assert answer.headers["x-content-type-options"] == "nosniff", page
    rebound = httpx.get(f"{url}/api/v2/version", headers={"Host": "evil.example"}, trust_env=False)
    assert rebound.status_code == httpx.codes.BAD_REQUEST
