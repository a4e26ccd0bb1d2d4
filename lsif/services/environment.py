"""The environment of every part, every job and every hand-typed `airflow` or `mlflow` command, made in one place."""

import os
import shlex
import sys
from pathlib import Path
from urllib.parse import quote

from lsif.config import config_file, project_folder
from lsif.errors import LsifError
from lsif.services.layout import Endpoints, Layout, endpoints
from lsif.services.secrets import USER, flask_key, jwt_file

PARALLELISM = 3


def environment(home: Path | str) -> dict[str, str]:
    """Variables under which `airflow`, `mlflow` and the jobs meet the running services (`lsif env` prints them).

    Raises:
        LsifError: nothing is up in this home.
    """
    layout = Layout(Path(home))
    chosen = endpoints(layout)
    if chosen is None:
        raise LsifError(f"no services are up in {home}: run `lsif up`")
    return service_environment(layout, chosen)


def service_environment(layout: Layout, chosen: Endpoints) -> dict[str, str]:
    return {**_lsif(layout, chosen), **_airflow(layout, chosen), **_mlflow(layout, chosen)}


def database_url(layout: Layout, chosen: Endpoints, database: str, driver: str = "psycopg2") -> str:
    """Where the database is, and the file with its password: urls are seen in `ps`, logs and errors."""
    host, passfile = quote(chosen.sockets, safe=""), quote(str(layout.pgpass), safe="")
    return f"postgresql+{driver}://postgres@/{database}?host={host}&passfile={passfile}"


def _lsif(layout: Layout, chosen: Endpoints) -> dict[str, str]:
    project = str(project_folder())
    given = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        "LSIF_HOME": str(layout.home),
        "LSIF_PROJECT": project,
        "LSIF_CONFIG": chosen.config or str(config_file().absolute()),
        "LSIF_PYTHON": sys.executable,
        "LSIF_SCHEDULED": "false",
        "PYTHONPATH": project,
        **given,
    }


_PASSED_ON = (
    "LSIF_TABLES",
    "LSIF_SPARK_MASTER",
    "LSIF_SCHEDULED",
    "LSIF_START_DATE",
    "LSIF_END_DATE",
    "LSIF_ALERT_WEBHOOK",
    "LSIF_ALERT_MAIL",
    "LSIF_ALERT_APPRISE",
    "LSIF_ALERT_FROM",
    "LSIF_SMTP",
    "AIRFLOW_CONN_LSIF_SMTP",
)


def _airflow(layout: Layout, chosen: Endpoints) -> dict[str, str]:
    options = {
        "core": {
            "executor": "LocalExecutor",
            "parallelism": str(PARALLELISM),
            "dags_folder": chosen.dags,
            "load_examples": "False",
            "dags_are_paused_at_creation": "False",  # a paused DAG leaves manual and backfill runs queued for ever
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(layout.password_file),
            "execution_api_server_url": f"{chosen.airflow_url}/execution/",
        },
        "api": {"base_url": chosen.airflow_url, "host": "127.0.0.1", "port": str(chosen.airflow_port)},
        # The secret stays out of the environment: children of jobs inherit that.
        "api_auth": {"jwt_secret_cmd": f"cat {shlex.quote(str(jwt_file(layout)))}"},
        "database": {
            "sql_alchemy_conn": database_url(layout, chosen, "airflow"),
            "sql_alchemy_conn_async": database_url(layout, chosen, "airflow", driver="asyncpg"),
        },
        "dag_processor": {"parsing_processes": "1", "min_file_process_interval": "60", "refresh_interval": "30"},
        "scheduler": {"orphaned_tasks_check_interval": "60"},  # after five minutes otherwise, as in docker-compose.yaml
        # Tasks that run or start while the api-server is away wait for it: two minutes or so, and not 15 seconds.
        "workers": {"execution_api_retries": "30", "execution_api_retry_wait_max": "10"},
        "logging": {"base_log_folder": str(layout.logs / "tasks")},
        "usage_data_collection": {"enabled": "False"},
    }
    named = {
        f"AIRFLOW__{section}__{key}".upper(): value
        for section, values in options.items()
        for key, value in values.items()
    }
    return {"AIRFLOW_HOME": str(layout.airflow), "SCARF_ANALYTICS": "false", **named}


def mlflow_server_environment(layout: Layout) -> dict[str, str]:
    """What the server of MLflow alone is told: it takes this key from nowhere else, and no job needs it."""
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(layout.mlflow_configuration),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": flask_key(layout),
    }


def _mlflow(layout: Layout, chosen: Endpoints) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": chosen.mlflow_url,
        "LSIF_MLFLOW_LOGIN_FILE": str(layout.mlflow_login("jobs")),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # ten processes and 600 MB that nothing here uses
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
