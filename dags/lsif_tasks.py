"""How a task starts a job, and who hears of a failure. Airflow and the standard library only."""

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import BaseOperator, Context, CronPartitionTimetable
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from lsif_alerts import tell_of_failure
from lsif_days import DAY, END, MACROS, START

PROJECT = Path(os.environ.get("LSIF_PROJECT") or Path(__file__).resolve().parent.parent)
PYTHON = os.environ.get("LSIF_PYTHON", "python3")
SPARK_POOL = "lsif_spark"
BAD_INPUT, SUPERSEDED = 2, 99
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


def has(section: str) -> bool:
    """Whether the configuration has a section. One that cannot be read is as the sample's: the jobs will say why."""
    file = Path(os.environ.get("LSIF_CONFIG") or PROJECT / "lsif.toml")
    try:
        return section in tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return section == "catalogue"


def after_midnight(days: str) -> CronPartitionTimetable:
    """A run at 00:00 UTC on `days` (the last three fields of a cron line), for the cron's day before."""
    return CronPartitionTimetable(f"0 0 {days}", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d")


class JobOperator(BaseOperator):
    """Runs one job as a process that cannot outlive its task: when the task dies, the kernel kills the job.

    Exit code 2 (bad input, with one clear line) fails at once, 99 (another writer won) skips, others are retried:
    75 (a service did not answer) as much as a crash.
    No shell stands between, so nothing that is typed into a form is ever interpreted.
    """

    template_fields = ("command",)

    def __init__(self, *, command: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.command = command
        self.hook = SubprocessHook()

    def execute(self, context: Context) -> None:
        # Lines that Python keeps until the end would follow the one on standard error that says why a job failed.
        # On the last try a job does with what it has where it would otherwise wait for a service to come back.
        task = context["ti"]
        is_last = str(task.try_number > task.max_tries).lower()
        told = {**os.environ, "PYTHONUNBUFFERED": "1", "LSIF_LAST_TRY": is_last}
        done = self.hook.run_command([word for word in self.command if word], env=told)
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
