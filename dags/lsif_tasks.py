"""What tasks and DAGs share: the job, its day, who hears of a failure. Airflow and the standard library only."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import CronPartitionTimetable
from lsif_alerts import tell_of_failure
from lsif_configured import PROJECT
from lsif_days import DAY, END, MACROS, START
from lsif_operator import JobOperator
from lsif_page import PageOperator

HOME = Path(os.environ.get("LSIF_HOME") or PROJECT / ".lsif").expanduser().absolute()
PYTHON = os.environ.get("LSIF_PYTHON", "python3")
SPARK_POOL = "lsif_spark"
BY = "--by={{ dag_run.triggering_user_name or 'the schedule' }}"
"""Who started the run, for decisions that are kept."""

DEFAULTS: dict[str, Any] = {
    "owner": "lsif",
    "retries": 2,
    "retry_delay": timedelta(minutes=2),
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": tell_of_failure,
}

OF_A_DAY: dict[str, Any] = {
    "start_date": START,
    "end_date": END,
    "catchup": False,
    "max_active_runs": 1,
    "default_args": DEFAULTS,
    "user_defined_macros": MACROS,
}
"""What every DAG has whose runs are for a day, the partition key."""


def after_midnight(days: str) -> CronPartitionTimetable:
    """A run at 00:00 UTC on `days` (the last three fields of a cron line), for the cron's day before."""
    return CronPartitionTimetable(f"0 0 {days}", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d")


def job(step: str, *words: str, task_id: str | None = None, **options: Any) -> JobOperator:
    """The task that runs `jobs/<step>.py` with `words`, each a template; one that renders empty is left out."""
    return JobOperator(task_id=task_id or step, command=_command(step, *words), **options)


def page(step: str, **options: Any) -> PageOperator:
    """The task of a day that makes a page: of whatever became of the tasks before it, and at no cost to their run.

    A teardown to Airflow: it runs when all others have ended, and whether a run is a success is not asked of it.
    """
    made = PageOperator(task_id=step, command=_command(step, "--ds", DAY), retries=1, **options)
    made.as_teardown()
    return made


def beside(step: str, *words: str, **options: Any) -> JobOperator:
    """The task of a day that only looks: a teardown to Airflow, so that no run fails with it."""
    made = daily(step, *words, **options)
    made.as_teardown()
    return made


def _command(step: str, *words: str) -> list[str]:
    return ["setpriv", "--pdeathsig", "KILL", PYTHON, str(PROJECT / "jobs" / f"{step}.py"), *words]


def daily(step: str, *words: str, **options: Any) -> JobOperator:
    """The task that runs `jobs/<step>.py` for the run's day; the `force` param makes it run on unchanged inputs."""
    return job(step, "--ds", DAY, "{{ '--force' if params.force else '' }}", *words, **options)
