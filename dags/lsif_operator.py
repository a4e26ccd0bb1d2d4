"""A job as a task: how it starts, and what its exit code means to Airflow. Airflow and the standard library only."""

import ctypes
import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from lsif_alerts import tell_of_warnings

BAD_INPUT, SUPERSEDED = 2, 99
PR_SET_PDEATHSIG = 1
"""Of <linux/prctl.h>."""


class JobOperator(BaseOperator):
    """Runs one job as a process that cannot outlive its task: when the task dies, the kernel kills the job.

    Nor can the task outlive its supervisor, whose silence Airflow takes for its death: another try would run beside it.
    Exit code 2 (bad input, with one clear line) fails at once, 99 (another writer won) skips, others are retried:
    75 (a service did not answer) as much as a crash.
    What a job that ended well warned of is told as a failure would be.
    No shell stands between, so nothing that is typed into a form is ever interpreted.
    """

    template_fields = ("command",)

    def __init__(self, *, command: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.command = command
        self.hook = SubprocessHook()
        self.said = ""

    def execute(self, context: Context) -> None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        with TemporaryDirectory() as folder:
            warnings = Path(folder) / "warnings"
            self._run(context, warnings)
            if warnings.exists():
                tell_of_warnings(context, warnings.read_text("utf-8").splitlines())

    def _run(self, context: Context, warnings: Path) -> None:
        # Lines that Python keeps until the end would follow the one on standard error that says why a job failed.
        # On the last try a job does with what it has where it would otherwise wait for a service to come back.
        task = context["ti"]
        is_last = str(task.try_number > task.max_tries).lower()
        told = {**os.environ, "PYTHONUNBUFFERED": "1", "LSIF_LAST_TRY": is_last, "LSIF_WARNINGS": str(warnings)}
        done = self.hook.run_command([word for word in self.command if word], env=told)
        self.said = done.output
        if done.exit_code == SUPERSEDED:
            raise AirflowSkipException(done.output)
        if done.exit_code == BAD_INPUT:
            raise AirflowFailException(done.output)
        if done.exit_code:
            raise AirflowException(f"{self.task_id} ended with exit code {done.exit_code}: {done.output}")

    def on_kill(self) -> None:
        self.hook.send_sigterm()  # type: ignore[no-untyped-call]
