"""What the demo does, in order: what comes before a first night, then training and nights, in Airflow."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lsif import services
from lsif.airflow_api import Airflow, Json
from lsif.config import home_folder, load_settings, project_folder
from lsif.demo.closing import show_closing
from lsif.errors import LsifError
from lsif.screen import Progress, console, show_failures
from lsif.tables import Tables

FIRST_DAY, LAST_IMPORTED = "2017-01-01", "2017-10-30"
FIRST_NIGHT = "2017-10-31"
BACKFILL = ("2017-11-01", "2017-11-07")
"""December stays unseen: it is the benchmark's test."""


def run() -> None:
    """Run the demo from nothing, or from where an earlier one ended; steps whose inputs are unchanged are no-ops.

    Raises:
        LsifError: a step failed; what it said has been printed.
    """
    home, started = home_folder(), time.perf_counter()
    with _chapter("Laying a real year of shopping into landing/"):
        _job("land_sample", "--to", BACKFILL[1])
    with _chapter("Starting PostgreSQL, Airflow and MLflow on 127.0.0.1"):
        # Nothing of today's date may fire: the schedule is closed, and days come by hand or by backfill.
        os.environ["LSIF_SCHEDULED"] = "false"
        status = services.up(home, say=console.print)
        airflow = services.airflow_client(home)
    with _chapter(f"Importing the past, {FIRST_DAY} to {LAST_IMPORTED}"):
        environment = services.environment(home)
        _job("ingest_items", "--ds", FIRST_DAY, environment=environment)
        _job("import_past", "--from", FIRST_DAY, "--ds", LAST_IMPORTED, environment=environment)
    with _chapter(f"Training the first model as of {LAST_IMPORTED}, in Airflow"):
        _finish(airflow, [airflow.wait_for_run(airflow.trigger("lsif_training", LAST_IMPORTED), Progress())])
    with _chapter(f"The night of {FIRST_NIGHT}, in Airflow"):
        _finish(airflow, [airflow.wait_for_run(airflow.trigger("lsif_nightly", FIRST_NIGHT), Progress())])
    with _chapter(f"Backfilling {BACKFILL[0]} to {BACKFILL[1]}, in Airflow"):
        _finish(airflow, airflow.wait_for_backfill(airflow.backfill("lsif_nightly", *BACKFILL), Progress()))
    settings = load_settings()
    show_closing(Tables(settings.tables), settings, FIRST_NIGHT, status)
    console.print(f"The demo took {(time.perf_counter() - started) / 60:.1f} minutes.")


@contextmanager
def _chapter(title: str) -> Iterator[None]:
    console.rule(f"[bold]{title}", align="left")
    started = time.perf_counter()
    yield
    console.print(f"[dim]{time.perf_counter() - started:.0f} s[/]")


def _job(step: str, *words: str, environment: dict[str, str] | None = None) -> None:
    """Run a job as a process of its own, as anyone would by hand."""
    env = {**os.environ, **(environment or {}), "PYTHONPATH": str(project_folder())}
    script = project_folder() / "jobs" / f"{step}.py"
    done = subprocess.run([sys.executable, str(script), *words], env=env, check=False)
    if done.returncode:
        raise LsifError(f"jobs/{step}.py {' '.join(words)} ended with exit code {done.returncode} (see above)")


def _finish(airflow: Airflow, runs: Sequence[Json]) -> None:
    if show_failures(airflow, runs):
        raise LsifError("the demo stopped; the services are still up: look at the page above, then `make demo` goes on")
