"""How a task starts a job, which day it runs for, and who hears of a failure. Airflow and the standard library only."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import BaseOperator, Context, Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from lsif_alerts import tell_of_failure

PROJECT = Path(os.environ.get("LSIF_PROJECT") or Path(__file__).resolve().parent.parent)
PYTHON = os.environ.get("LSIF_PYTHON", "python3")
SPARK_POOL = "lsif_spark"
BAD_INPUT, SUPERSEDED = 2, 99

DEFAULTS: dict[str, Any] = {
    "owner": "lsif",
    "retries": 2,
    "retry_delay": timedelta(minutes=2),
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": tell_of_failure,
}

DAY_PARAM = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Day (ds)",
    description="The UTC day of arrival to run for, YYYY-MM-DD. Leave empty when the run has a partition key.",
)


def day(partition_key: str | None, ds: str | None) -> str:
    """The day of a run: its partition key, else its `ds` param. Never the clock.

    Raises:
        AirflowFailException: there is neither, or it is no day; no retry can mend that.
    """
    given = partition_key or ds
    if not given:
        raise AirflowFailException(
            "This run has no day: trigger it with a partition key, or give the `ds` param, "
            'for example --conf \'{"ds": "2017-10-31"}\'.'
        )
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
            raise ValueError("not of the form YYYY-MM-DD")
        return date.fromisoformat(given).isoformat()
    except ValueError as error:
        raise AirflowFailException(f"{given!r} is not a day (YYYY-MM-DD): {error}.") from error


DAY = "{{ day(partition_key, params.ds) }}"
MACROS = {"day": day}


def window() -> tuple[datetime, datetime | None]:
    """Start and end of the DAGs' schedules, from LSIF_START_DATE and LSIF_END_DATE.

    Unless LSIF_SCHEDULED is `true` the window closes where it opens: nothing fires by itself, while runs by hand and
    backfills work for any day.
    """
    start, end = _midnight(os.environ.get("LSIF_START_DATE") or "2017-01-01"), os.environ.get("LSIF_END_DATE")
    if os.environ.get("LSIF_SCHEDULED", "false").lower() != "true":
        return start, start
    return start, _midnight(end) if end else None


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


START, END = window()


class JobOperator(BaseOperator):
    """Runs one job as a process that cannot outlive its task: when the task dies, the kernel kills the job.

    Exit code 2 (bad input, with one clear line) fails at once, 99 (another writer won) skips, others are retried.
    No shell stands between, so nothing that is typed into a form is ever interpreted.
    """

    template_fields = ("command",)

    def __init__(self, *, command: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.command = command
        self.hook = SubprocessHook()

    def execute(self, context: Context) -> None:
        done = self.hook.run_command([word for word in self.command if word])
        if done.exit_code == SUPERSEDED:
            raise AirflowSkipException(done.output)
        if done.exit_code == BAD_INPUT:
            raise AirflowFailException(done.output)
        if done.exit_code:
            raise AirflowException(f"{self.task_id} ended with exit code {done.exit_code}: {done.output}")

    def on_kill(self) -> None:
        self.hook.send_sigterm()  # type: ignore[no-untyped-call]


def job(step: str, *words: str, task_id: str | None = None, **options: Any) -> JobOperator:
    """The task that runs `jobs/<step>.py` with `words`, each a template; one that renders empty is left out."""
    script = str(PROJECT / "jobs" / f"{step}.py")
    command = ["setpriv", "--pdeathsig", "KILL", PYTHON, script, *words]
    return JobOperator(task_id=task_id or step, command=command, **options)


def daily(step: str, *words: str, **options: Any) -> JobOperator:
    """The task that runs `jobs/<step>.py` for the run's day; the `force` param makes it run on unchanged inputs."""
    return job(step, "--ds", DAY, "{{ '--force' if params.force else '' }}", *words, **options)
