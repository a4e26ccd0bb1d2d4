"""The real services, once: started, used, started again, broken, stopped with everything they had started."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from lsif import cli, services
from lsif.config import project_folder
from lsif.registry import Registry
from lsif.services.accounts import ROLES, ensure_accounts
from lsif.services.layout import Layout
from lsif.services.parts import PARTS
from lsif.services.processes import read_record
from lsif.services.secrets import mlflow_login, mlflow_passwords
from tests.homes import home_of_services, secrets_of
from tests.listeners import webhook
from tests.processes import lives, part, wait_for

pytestmark = pytest.mark.timeout(900)

TINY = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("tiny", schedule=None, max_active_runs=2) as dag:
    BashOperator(task_id="once", bash_command="echo {{ dag_run.conf.get('word') }}")
    BashOperator(task_id="for_ever", bash_command="[ {{ dag_run.conf.get('word') }} != wait ] || exec sleep 987654")
"""


@pytest.fixture(scope="module")
def alerts() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    with webhook() as listener:
        yield listener


@pytest.fixture(scope="module")
def home(alerts: tuple[int, list[dict[str, Any]]]) -> Iterator[Path]:
    """A home in which everything is up, with the project's DAGs and a tiny one, on ports that are free."""
    with home_of_services() as home, pytest.MonkeyPatch.context() as patch:
        shutil.copytree(project_folder() / "dags", home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        (home / "dags" / "tiny.py").write_text(TINY)
        for name in ("LSIF_AIRFLOW_PORT", "LSIF_MLFLOW_PORT", "LSIF_SCHEDULED", "LSIF_CONFIG", "LSIF_TABLES"):
            patch.delenv(name, raising=False)
        patch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{alerts[0]}")
        try:
            services.up(home, dags=home / "dags", say=print)
            yield home
        finally:
            services.down(home)


def test_every_part_is_healthy_and_listens_on_loopback_only(home: Path) -> None:
    status = services.status(home)
    assert [part.name for part in status.parts if part.alive and part.healthy] == list(PARTS)
    assert status.endpoints is not None
    assert httpx.get(f"{status.endpoints.mlflow_url}/health").text == "OK"
    assert {address for pid in pids(home) for address in listening_on(pid)} == {"127.0.0.1"}


def test_secrets_are_for_their_owner_alone(home: Path) -> None:
    kept = [home / "airflow/passwords.json", home / "airflow/jwt_secret", *(home / "secrets").iterdir()]
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
    assert {file.parent.stat().st_mode & 0o777 for file in kept} == {0o700}
    secrets = secrets_of(home)
    assert len(secrets) == 8
    # `ps` shows command lines to every user of the machine, and the environment is what every job inherits.
    seen = [str(services.environment(home)), *(" ".join(psutil.Process(pid).cmdline()) for pid in pids(home))]
    assert not [secret for secret in secrets for text in seen if secret in text]


def test_mlflow_wants_to_know_who_asks_and_under_which_name(home: Path) -> None:
    ours = services.status(home).endpoints
    assert ours is not None
    search = f"{ours.mlflow_url}/api/2.0/mlflow/registered-models/search"
    assert httpx.get(search).status_code == httpx.get(ours.mlflow_url).status_code == 401
    assert httpx.get(search, auth=("reader", "wrong")).status_code == 401
    assert httpx.get(search, auth=login(home, "reader"), headers={"Host": "elsewhere.example"}).status_code == 403
    page = httpx.get(ours.mlflow_url, auth=login(home, "reader"))
    assert page.is_success and page.headers["x-frame-options"] == "SAMEORIGIN"


def test_a_model_that_is_not_there_has_no_alias_whoever_asks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow refuses to say to an account that what it names is not there."""
    assert call(home, "jobs", "registered-models/get?name=lsif", method="GET") == {}
    for account in ROLES:
        monkeypatch.setenv("LSIF_MLFLOW_LOGIN_FILE", str(Layout(home).mlflow_login(account)))
        assert Registry(services.environment(home)["MLFLOW_TRACKING_URI"]).aliases() == {}


def test_readers_change_nothing_promoters_the_registry_jobs_all_they_make(home: Path) -> None:
    """Registering and moving an alias are one permission in MLflow: a release that parts them turns this red."""
    made = call(home, "jobs", "experiments/create", name="rights")["experiment_id"]
    call(home, "jobs", "registered-models/create", name="rights")
    run = call(home, "jobs", "runs/create", experiment_id=made)["run"]["info"]
    steps: dict[str, dict[str, Any]] = {
        "experiments/create": {"name": "another"},
        "registered-models/create": {"name": "another"},
        "runs/create": {"experiment_id": made},
        "model-versions/create": {"name": "rights", "source": f"{run['artifact_uri']}/files", "run_id": run["run_id"]},
        "registered-models/alias": {"name": "rights", "alias": "champion", "version": "1"},
    }
    may = {name: {step for step, body in steps.items() if call(home, name, step, **body)} for name in ROLES}
    registry = {"model-versions/create", "registered-models/alias"}
    assert may == {"jobs": set(steps), "promoter": registry, "reader": set()}
    found = call(home, "reader", "registered-models/get?name=rights", method="GET")["registered_model"]
    assert found["aliases"] == [{"alias": "champion", "version": "1"}]


def test_an_account_whose_password_was_lost_has_another_after_the_next_start(home: Path) -> None:
    ours = services.status(home).endpoints
    assert ours is not None
    (home / "secrets/mlflow_reader.json").write_text('{"reader": "made-anew-by-a-person"}')
    ensure_accounts(ours.mlflow_url, mlflow_passwords(Layout(home)))
    assert call(home, "reader", "registered-models/get?name=rights", method="GET")


def test_a_second_up_is_quick_and_starts_nothing(home: Path) -> None:
    before, started = pids(home), time.monotonic()
    assert services.up(home).is_up
    assert time.monotonic() - started < 10
    assert pids(home) == before


def test_a_dag_runs_and_its_log_can_be_read(home: Path) -> None:
    airflow = services.airflow_client(home)
    seen: list[str] = []
    run = airflow.wait_for_run(
        airflow.trigger("tiny", conf={"word": "hello"}), lambda run, tasks: seen.append(run["state"]), seconds=120
    )
    once = next(task for task in airflow.tasks(run) if task["task_id"] == "once")
    assert run["state"] == seen[-1] == "success"
    assert "hello" in airflow.log(once).splitlines()


def test_a_night_without_a_day_fails_with_a_sentence_and_tells_the_webhook(
    home: Path, alerts: tuple[int, list[dict[str, Any]]]
) -> None:
    airflow = services.airflow_client(home)
    run = airflow.wait_for_run(airflow.trigger("lsif_nightly"), seconds=120)
    told = sorted(alerts[1], key=lambda failure: failure["task"])
    assert run["state"] == "failed"
    assert [failure["task"] for failure in told] == ["events_to_interests", "ingest_items", "report", "verify"]
    assert told[0]["exception"].startswith("This run has no day: trigger it with a partition key")
    assert told[0] | {"dag": "lsif_nightly", "run_id": run["dag_run_id"], "try_number": 1, "ds": None} == told[0]
    assert f"/dags/lsif_nightly/runs/{quote(run['dag_run_id'])}/tasks/events_to_interests" in told[0]["log_url"]


def test_nothing_has_fired_by_itself(home: Path) -> None:
    airflow = services.airflow_client(home)
    assert {run["run_type"] for run in airflow.runs("lsif_nightly")} == {"manual"}
    assert airflow.runs("lsif_training") == []


def test_what_cannot_work_costs_no_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSIF_HOME", str(home))
    runs = len(services.airflow_client(home).runs("lsif_promotion"))
    said = CliRunner().invoke(cli.app, ["promote", "7"])
    assert str(said.exception) == "model lsif has no version or alias '7' (no alias is set)"
    monkeypatch.setenv("LSIF_CONFIG", str(shutil.copy(project_folder() / "lsif.toml", home / "other.toml")))
    said = CliRunner().invoke(cli.app, ["trigger", "--ds", "2017-10-31"])
    assert services.environment(home)["LSIF_CONFIG"] == str(project_folder() / "lsif.toml")
    assert str(said.exception).endswith(f"not with {home}/other.toml: `lsif down`, then `lsif up`")
    monkeypatch.delenv("LSIF_CONFIG")
    assert len(services.airflow_client(home).runs("lsif_promotion")) == runs


def test_commands_drive_this_airflow_from_a_home_that_has_none(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = services.status(home).endpoints
    assert ours is not None
    for name, value in {
        "LSIF_HOME": str(tmp_path),
        "LSIF_AIRFLOW_URL": ours.airflow_url,
        "LSIF_AIRFLOW_LOGIN_FILE": str(home / "airflow/passwords.json"),
        "MLFLOW_TRACKING_URI": ours.mlflow_url,
        "LSIF_MLFLOW_LOGIN_FILE": str(home / "secrets/mlflow_reader.json"),
    }.items():
        monkeypatch.setenv(name, value)
    status = CliRunner().invoke(cli.app, ["status"])
    assert status.exit_code == 0 and status.output.count(" healthy") == len(PARTS)
    assert "no version is registered yet" in CliRunner().invoke(cli.app, ["models"]).output
    rollback = CliRunner().invoke(cli.app, ["rollback", "--reason", "from a laptop"])
    assert rollback.exit_code == 1 and "there is no previous champion to go back to" in rollback.output
    assert services.airflow_client(home).runs("lsif_promotion")[0]["conf"]["reason"] == "from a laptop"


def test_airflow_by_hand_meets_the_running_services(home: Path) -> None:
    env = {**os.environ, **services.environment(home)}
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "pools", "get", "lsif_spark", "--output", "json"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"slots": "1"' in done.stdout


def test_a_part_that_died_is_started_again_alone_and_what_it_left_is_stopped(home: Path) -> None:
    services.airflow_client(home).trigger("tiny", conf={"word": "wait"})
    wait_for("job that sleeps", lambda: sleepers(home))
    left, before = sleepers(home), {name: read_record(Layout(home), name) for name in PARTS}
    part(home, "scheduler").kill()
    wait_for("sign of its end", lambda: not services.status(home).is_up)
    assert services.up(home).is_up
    after = {name: read_record(Layout(home), name) for name in PARTS}
    assert [name for name in PARTS if before[name] != after[name]] == ["scheduler"]
    assert not {pid for pid in left if lives(pid)}


def test_down_leaves_nothing_behind_not_even_of_a_scheduler_that_was_killed(home: Path) -> None:
    airflow = services.airflow_client(home)
    airflow.trigger("tiny", conf={"word": "wait"})
    wait_for("job that sleeps", lambda: sleepers(home))
    ours = pids(home) | sleepers(home)
    (scheduler := part(home, "scheduler")).kill()
    wait_for("end of the scheduler", lambda: not lives(scheduler))
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    started = time.monotonic()
    stopped = services.down(home)
    assert time.monotonic() - started < 40
    assert set(stopped) == set(PARTS) - {"scheduler"}
    assert len(ours) > len(PARTS)
    assert not {pid for pid in ours if lives(pid)}
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    assert services.status(home).is_down
    assert services.down(home) == []


def login(home: Path, account: str) -> tuple[str, str]:
    return mlflow_login(Layout(home), account)


def call(home: Path, account: str, step: str, method: str = "POST", **body: Any) -> dict[str, Any]:
    """MLflow's answer to an account; empty where it may not."""
    ours = services.status(home).endpoints
    assert ours is not None
    url = f"{ours.mlflow_url}/api/2.0/mlflow/{step}"
    answer = httpx.request(method, url, auth=login(home, account), json=body or None, timeout=60)
    assert answer.is_success or answer.status_code == 403, answer.text
    return {"done": True, **answer.json()} if answer.is_success else {}


def pids(home: Path) -> set[int]:
    """Every process of every part."""
    records = [read_record(Layout(home), name) for name in PARTS]
    parents = [psutil.Process(record.pid) for record in records if record]
    return {process.pid for parent in parents for process in (parent, *parent.children(recursive=True))}


def sleepers(home: Path) -> set[int]:
    """The job that the tiny DAG was told to wait in."""
    return {pid for pid in pids(home) if lives(pid) and "987654" in psutil.Process(pid).cmdline()}


def listening_on(pid: int) -> set[str]:
    connections = psutil.Process(pid).net_connections("inet")
    return {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}
