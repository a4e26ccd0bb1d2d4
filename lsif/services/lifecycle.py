"""Starting and stopping: PostgreSQL, then both databases side by side, then the servers, then what they serve."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from lsif.airflow_api import Airflow
from lsif.config import config_file, project_folder
from lsif.errors import LsifError
from lsif.services import parts, postgres, processes
from lsif.services.accounts import ensure_accounts, write_configuration
from lsif.services.environment import database_url, service_environment
from lsif.services.layout import Endpoints, Layout, endpoints, forget_endpoints, only_one, tail
from lsif.services.ports import choose_port
from lsif.services.processes import Record
from lsif.services.secrets import ADMIN, USER, make_secrets, mlflow_passwords, password
from lsif.services.state import Status, status

Say = Callable[[str], None]
START_SECONDS = 240.0  # a loaded two-core machine needs about 60


def up(home: Path | str, *, dags: Path | str | None = None, say: Say = print) -> Status:
    """Start every part that is not running and wait until all are healthy. Quick when they are.

    Args:
        home: LSIF_HOME; everything is kept under it.
        dags: folder of the DAGs (default: the project's).
        say: receives the progress, a line at a time.

    Raises:
        LsifError: the settings speak of a cluster, a part did not start (with the end of its log), or a port that
            was asked for is taken. What this call had started is stopped again, as it is on Ctrl-C.
    """
    _require_one_machine()
    layout = Layout(Path(home).absolute())
    layout.make()
    make_secrets(layout)
    with only_one(layout):
        now = status(layout.home)
        if not now.is_up:
            running = {part.name for part in now.parts if part.alive}
            if postgres.NAME not in running:
                _stop(layout, running)  # whoever has lost its database ends sooner or later, Airflow's scheduler later
                running = set()
            try:
                _start_missing(layout, running, str(dags or project_folder() / "dags"), say)
            except BaseException:
                _stop(layout, set(parts.PARTS) - running)
                raise
    return status(layout.home)


def down(home: Path | str, *, say: Say = print) -> list[str]:
    """Stop what `up` started here with all its children, running jobs included, and nothing else.

    Returns:
        Names of the parts that were stopped; empty when nothing ran.
    """
    layout = Layout(Path(home).absolute())
    if not layout.run.exists():
        return []
    with only_one(layout):
        stopped = _stop(layout, parts.PARTS)
        forget_endpoints(layout)
    for name in stopped:
        say(f"stopped {name}")
    return stopped


def _require_one_machine() -> None:
    """A second Airflow beside a cluster's would run every night twice."""
    for name, here in (("LSIF_AIRFLOW_URL", ""), ("LSIF_SPARK_MASTER", "local")):
        value = os.environ.get(name, "")
        if value and not (here and value.startswith(here)):
            raise LsifError(
                f"{name}={value} speaks of a cluster, and these would be services of one machine: `lsif trigger` and "
                f"the other commands drive the Airflow that LSIF_AIRFLOW_URL names; unset {name} to start one here"
            )


def _start_missing(layout: Layout, running: set[str], dags: str, say: Say) -> None:
    started = time.monotonic()
    say("starting PostgreSQL")
    sockets = postgres.start(layout)
    chosen = _endpoints(layout, running, sockets, dags, say)
    env = {**os.environ, **service_environment(layout, chosen)}
    say("preparing the databases of Airflow and MLflow")
    parts.migrate(layout, chosen, env)
    missing = [part for part in parts.SERVERS if part not in running]
    _stop_what_dead_parts_left(layout, missing)
    say(f"starting {', '.join(missing)}")
    passwords = mlflow_passwords(layout)
    write_configuration(layout.mlflow_configuration, database_url(layout, chosen, "mlflow"), passwords[ADMIN])
    records = {
        part: processes.start(
            layout, part, parts.command(part, layout, chosen), env | parts.own_environment(part, layout)
        )
        for part in missing
    }
    _wait_until_healthy(layout, chosen, records, say, started)
    ensure_accounts(chosen.mlflow_url, passwords)
    airflow_client(layout.home).ensure_pool("lsif_spark", 1, "One Spark application at a time on this machine")
    if env["LSIF_SCHEDULED"].lower() != "true":
        say("nothing fires by itself (set LSIF_SCHEDULED=true for a run every night and a training every week)")


def _stop_what_dead_parts_left(layout: Layout, names: Iterable[str]) -> None:
    """A scheduler's tasks outlive it, and the next one starts them anew: not beside them, nor unknown to `down`."""
    processes.stop([record for name in names if (record := processes.read_record(layout, name))])


def airflow_client(home: Path | str) -> Airflow:
    """A client signed in to the Airflow of this home.

    Raises:
        LsifError: nothing is up there, or what is up has another configuration than this shell's LSIF_CONFIG.
    """
    layout = Layout(Path(home))
    chosen = endpoints(layout)
    if chosen is None:
        raise LsifError(f"no services are up in {home}: run `lsif up`")
    asked = str(config_file().absolute())
    if os.environ.get("LSIF_CONFIG") and chosen.config not in ("", asked):
        raise LsifError(f"the services run with {chosen.config}, not with {asked}: `lsif down`, then `lsif up`")
    return Airflow(chosen.airflow_url, USER, password(layout))


def mlflow_login_file(home: Path | str, account: str) -> Path:
    """Name and password of an account of this home's MLflow: `admin`, `jobs`, `promoter`, `reader`."""
    return Layout(Path(home)).mlflow_login(account)


def _endpoints(layout: Layout, running: set[str], sockets: str, dags: str, say: Say) -> Endpoints:
    """Ports of the parts that still run; when none does, those they had, where whoever watches a run looks for it."""
    chosen = endpoints(layout)
    if chosen is None or not running - {postgres.NAME}:
        airflow_port = choose_port("LSIF_AIRFLOW_PORT", chosen.airflow_port if chosen else 8080, say)
        mlflow_port = choose_port("LSIF_MLFLOW_PORT", chosen.mlflow_port if chosen else 5000, say)
        chosen = Endpoints(airflow_port, mlflow_port, sockets, dags, str(config_file().absolute()))
        chosen.write(layout)
    return chosen


def _wait_until_healthy(
    layout: Layout, chosen: Endpoints, records: dict[str, Record], say: Say, started: float
) -> None:
    waiting = set(records)
    while waiting:
        for name in sorted(waiting):
            if not processes.is_alive(records[name]):
                raise LsifError(f"{name} ended while starting; {tail(layout, name)}")
        healthy = parts.health(chosen.airflow_url, chosen.mlflow_url)
        for name in sorted(part for part in waiting if healthy[part]):
            say(f"{name} is healthy ({time.monotonic() - started:.0f} s)")
            waiting.discard(name)
        if waiting and time.monotonic() - started > START_SECONDS:
            slow = sorted(waiting)[0]
            raise LsifError(f"{', '.join(sorted(waiting))} not healthy in {START_SECONDS:.0f} s; {tail(layout, slow)}")
        time.sleep(0.2)


def _stop(layout: Layout, names: Iterable[str]) -> list[str]:
    """Everything that talks to PostgreSQL first, PostgreSQL last."""
    records = [record for name in names if (record := processes.read_record(layout, name))]
    alive = [record.name for record in records if processes.is_alive(record)]
    processes.stop([record for record in records if record.name != postgres.NAME])
    if postgres.NAME in set(names):
        postgres.stop(layout)
    for record in records:
        record.forget(layout)
    return alive
