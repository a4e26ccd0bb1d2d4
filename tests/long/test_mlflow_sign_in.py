"""Who may do what in the MLflow of docker-compose.yaml: its own words, its own secrets, on PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from lsif.config import project_folder
from tests.long.conftest import password
from tests.servers import answering, free_port, postgres_server

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

ROOT = project_folder()
SERVICES = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
ACCOUNTS = ("admin", "jobs", "promoter", "reader")


@pytest.fixture(scope="module")
def url(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The file's server but for places, which are this machine's, with the accounts of its `mlflow-init`."""
    home, port = tmp_path_factory.mktemp("mlflow"), free_port()
    places = {"/run/secrets": str(secrets), "0.0.0.0": "127.0.0.1", "5000": str(port), "s3://mlflow": f"{home}/files"}
    shell, dash, line = (_here(word, places) for word in SERVICES["mlflow"]["command"])
    given = SERVICES["mlflow"]["environment"] | {"MLFLOW_AUTH_CONFIG_PATH": str(home / "mlflow.ini")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    found = f"http://127.0.0.1:{port}"
    with postgres_server() as database:
        own = {"MLFLOW_BACKEND_STORE_URI": database.replace("postgresql:", "postgresql+psycopg2:"), "PATH": path}
        env = {**os.environ, **given, **own}
        env["MLFLOW_FLASK_SERVER_SECRET_KEY"] = (secrets / "mlflow_flask_server_secret_key").read_text()
        with answering([shell, dash, line], f"{found}/health", home / "log", ROOT, env):
            for _ in range(2):  # as every start of the stack does
                make_accounts(secrets, found)
            yield found
    said = (home / "log").read_text()
    assert not any(password(secrets, "mlflow", account) in said for account in ACCOUNTS)


def _here(word: str, places: dict[str, str]) -> str:
    for there, here in places.items():
        word = word.replace(there, here)
    return word.replace("$$", "$")


def make_accounts(secrets: Path, url: str) -> None:
    words = [_here(word, {"/run/secrets": str(secrets), "http://mlflow:5000": url}) for word in COMMAND]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


COMMAND = SERVICES["mlflow-init"]["command"][1:]


def asked(url: str, secrets: Path, account: str, step: str, body: dict[str, str]) -> httpx.Response:
    login = (account, password(secrets, "mlflow", account))
    return httpx.post(f"{url}/api/2.0/mlflow/{step}", auth=login, json=body, trust_env=False, timeout=60)


def test_whoever_is_nobody_or_guesses_is_refused_and_other_names_too(url: str, secrets: Path) -> None:
    search, reader = f"{url}/api/2.0/mlflow/registered-models/search", ("reader", password(secrets, "mlflow", "reader"))
    assert httpx.get(search, trust_env=False).status_code == 401
    assert httpx.get(search, auth=("reader", "guessed"), trust_env=False).status_code == 401
    assert httpx.get(search, auth=reader, trust_env=False).status_code == 200
    assert httpx.get(search, auth=reader, headers={"Host": "evil.example"}, trust_env=False).status_code == 403


def test_readers_write_nothing_and_jobs_and_promoters_move_aliases(url: str, secrets: Path) -> None:
    def codes(step: str, **body: str) -> list[int]:
        return [asked(url, secrets, account, step, body).status_code for account in ("jobs", "promoter", "reader")]

    run = asked(url, secrets, "jobs", "runs/create", {"experiment_id": "0"}).json()["run"]["info"]
    assert codes("runs/create", experiment_id="0") == [200, 403, 403]
    assert codes("registered-models/create", name="lsif") == [200, 403, 403]
    source = {"source": f"{run['artifact_uri']}/files", "run_id": run["run_id"]}
    assert codes("model-versions/create", name="lsif", **source) == [200, 200, 403]
    assert codes("registered-models/alias", name="lsif", alias="champion", version="1") == [200, 200, 403]


def test_another_password_is_another_file_and_a_start(url: str, secrets: Path) -> None:
    file = secrets / "mlflow_reader"
    file.unlink()
    file.write_text('{"reader": "made-anew-by-a-person"}')
    make_accounts(secrets, url)
    search, known = f"{url}/api/2.0/mlflow/registered-models/search", ("reader", "made-anew-by-a-person")
    assert httpx.get(search, auth=known, trust_env=False).status_code == 200
