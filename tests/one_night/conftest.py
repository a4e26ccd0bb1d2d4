"""One world for the tests here: two hundred real households, everything up, a champion, one night done."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.backfill_twice import content, marks
from lsif import sample, services
from lsif.airflow_api import Airflow, Json
from lsif.config import project_folder
from lsif.tables import Tables
from tests import canaries
from tests.homes import home_of_services
from tests.servers import redis_server
from tests.watch import Watch

FIRST_DAY, LAST_IMPORTED, NIGHT = "2017-08-20", "2017-10-30", "2017-10-31"
BACKFILL = ("2017-11-01", "2017-11-02")
HOUSEHOLDS = 200
SMALL = """
[training]
cutoffs = 5
max_epochs = 1
[model]
width = 16
[deliver.web]
to = "redis"
url = "redis://:${{LISTS_PASSWORD}}@{at}"
"""


@dataclass(frozen=True)
class World:
    """Everything up, the past imported, one model champion, one night done."""

    airflow: Airflow
    tables: Tables
    home: Path
    seen: Watch

    def finished(self, runs: list[Json]) -> None:
        for run in runs:
            failed = [task for task in self.airflow.tasks(run) if task["state"] != "success"]
            assert run["state"] == "success", [(task["task_id"], self.airflow.log(task)[-2000:]) for task in failed]

    def night(self, ds: str, **conf: object) -> None:
        self.finished([self.airflow.wait_for_run(self.airflow.trigger("lsif_nightly", ds, conf))])

    def backfill(self, **conf: object) -> None:
        made = self.airflow.backfill("lsif_nightly", *BACKFILL, conf)
        self.finished(self.airflow.wait_for_backfill(made))

    def hashes(self, *days: str) -> dict[str, str]:
        return content(self.tables, days)

    def files(self, *days: str) -> dict[str, str]:
        return marks(self.tables, days)


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with everything_up(tmp_path_factory.mktemp("lists")) as made:
        yield made


@contextmanager
def everything_up(lists_folder: Path, dags: Path | None = None) -> Iterator[World]:
    """The world until the block ends, with the project's DAGs or those of `dags`."""
    with (
        home_of_services() as home,
        redis_server(lists_folder, canaries.ENVIRONMENT["LISTS_PASSWORD"]) as lists,
        pytest.MonkeyPatch.context() as patch,
    ):
        own = SMALL.format(at=lists.rpartition("@")[2])
        (home / "small.toml").write_text((project_folder() / "lsif.toml").read_text() + own)
        sample.land(home, FIRST_DAY, BACKFILL[1], HOUSEHOLDS)
        for name in ("LSIF_AIRFLOW_PORT", "LSIF_MLFLOW_PORT", "LSIF_SCHEDULED", "LSIF_TABLES"):
            patch.delenv(name, raising=False)
        patch.setenv("LSIF_HOME", str(home))
        patch.setenv("LSIF_CONFIG", str(home / "small.toml"))
        canaries.plant(home, patch)
        try:
            with Watch(home, canaries.MARK.encode()) as seen:
                services.up(home, dags=dags)
                made = World(services.airflow_client(home), Tables(str(home / "tables")), home, seen)
                _first_night(made)
            yield made
        finally:
            services.down(home)


def _first_night(made: World) -> None:
    connection = {"connection_id": "lsif_llm", "conn_type": "openai", "password": canaries.MODEL_KEY}
    made.airflow._ask("POST", "/api/v2/connections", connection)
    _job(made.home, "ingest_items", "--ds", FIRST_DAY)
    _job(made.home, "import_past", "--from", FIRST_DAY, "--ds", LAST_IMPORTED)
    # So small a model may well be held back by the gate; whether it is, is another test's question.
    training = made.airflow.trigger("lsif_training", LAST_IMPORTED, {"force_reason": "a test's model"})
    made.finished([made.airflow.wait_for_run(training)])
    made.night(NIGHT)


def _job(home: Path, step: str, *words: str) -> None:
    script = str(project_folder() / "jobs" / f"{step}.py")
    subprocess.run([sys.executable, script, *words], env={**os.environ, **services.environment(home)}, check=True)
