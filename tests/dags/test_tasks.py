"""Which day a task runs for, what it starts, and what becomes of the job's exit code."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from tests.dags.conftest import DAGS
from tests.processes import lives, wait_for


@dataclass(frozen=True)
class Try:
    """What a task knows of itself: Airflow counts tries from 1 and retries from 0."""

    try_number: int
    max_tries: int = 2


TRY: Any = {"ti": Try(1)}


def rendered(dagbag: Any, dag_id: str, task_id: str, key: str | None, **params: Any) -> list[str]:
    """The words a task would start its job with, from the job's file on."""
    dag = dagbag.dags[dag_id]
    task = dag.get_task(task_id)
    context = {
        "partition_key": key,
        "params": dag.params.dump() | params,
        "dag_run": type("Run", (), {"run_after": datetime(2017, 12, 1, 10, tzinfo=UTC), "triggering_user_name": "ann"}),
    }
    words = task.render_template(task.command, context, dag.get_template_env())
    return [Path(words[4]).name, *filter(None, words[5:])]


def test_the_day_is_the_partition_key(dagbag: Any) -> None:
    words = rendered(dagbag, "lsif_nightly", "events_to_interests", "2017-10-31", ds="2016-01-01")
    assert words == ["events_to_interests.py", "--ds", "2017-10-31"]


def test_without_a_key_the_day_is_the_param(dagbag: Any) -> None:
    words = rendered(dagbag, "lsif_nightly", "score_users", None, ds="2017-10-31", force=True, model="7")
    assert words == ["score_users.py", "--ds", "2017-10-31", "--force", "--model=7"]


@pytest.mark.parametrize("task", ["events_to_interests", "ingest_items"])
def test_a_day_is_let_pass_with_a_reason(dagbag: Any, task: str) -> None:
    words = rendered(dagbag, "lsif_nightly", task, "2017-10-31", accept="max_drop,min_match", reason="a; b")
    assert words[1:] == ["--ds", "2017-10-31", "--accept=max_drop,min_match", "--reason=a; b"]


def test_with_neither_the_run_fails_with_a_sentence_that_says_what_to_do(dagbag: Any) -> None:
    with pytest.raises(AirflowFailException, match="no day: trigger it with a partition key, or give the `ds` param"):
        rendered(dagbag, "lsif_nightly", "events_to_interests", None)


@pytest.mark.parametrize("text", ["2017-02-30", "20171031", "yesterday", "2017-10-31T00:00:00", "2017-10-31; ls"])
def test_what_is_no_day_is_refused(dagbag: Any, text: str) -> None:
    with pytest.raises(AirflowFailException, match="is not a day"):
        rendered(dagbag, "lsif_nightly", "events_to_interests", None, ds=text)


def test_training_forces_a_promotion_only_with_a_reason(dagbag: Any) -> None:
    plain = rendered(dagbag, "lsif_training", "promote", "2017-10-30", force=True)
    forced = rendered(dagbag, "lsif_training", "promote", "2017-10-30", force_reason="a; rm -rf /")
    assert plain == ["move_alias.py", "promote", "--ds", "2017-10-30", "--if-passed", "--by=ann"]
    assert forced == [*plain[:-1], "--force", "--reason=a; rm -rf /", "--by=ann"]


def test_promotion_by_hand_says_all_it_was_told(dagbag: Any) -> None:
    words = rendered(dagbag, "lsif_promotion", "move_alias", None, version="3", reason="a b", force=True)
    expected = ["move_alias.py", "promote", "--ds", "2017-12-01", "--version=3", "--reason=a b", "--force", "--by=ann"]
    assert words == expected
    assert rendered(dagbag, "lsif_promotion", "move_alias", None, action="rollback")[1] == "rollback"


@pytest.mark.parametrize(
    ("code", "error"),
    [(2, AirflowFailException), (99, AirflowSkipException), (75, AirflowException), (1, AirflowException)],
)
def test_a_job_s_exit_code_decides_and_its_last_line_is_the_reason(
    code: int, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lsif_operator import JobOperator

    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    program = f"import sys; print('working'); print('no file for the day', file=sys.stderr); sys.exit({code})"
    task = JobOperator(task_id="step", command=[sys.executable, "-c", program, ""])
    with pytest.raises(error, match="no file for the day") as caught:
        task.execute(TRY)
    assert type(caught.value) is error


def test_a_job_that_ends_well_is_no_news() -> None:
    from lsif_operator import JobOperator

    JobOperator(task_id="step", command=[sys.executable, "-c", "import sys; sys.exit(len(sys.argv) - 1)", ""]).execute(
        TRY
    )


@pytest.mark.parametrize(("number", "last"), [(1, "false"), (2, "false"), (3, "true")])
def test_a_job_is_told_when_it_will_not_be_tried_again(number: int, last: str) -> None:
    from lsif_operator import JobOperator

    program = f"import os, sys; sys.exit(os.environ['LSIF_LAST_TRY'] != '{last}')"
    JobOperator(task_id="step", command=[sys.executable, "-c", program]).execute({"ti": Try(number)})


SLEEP = "import time; time.sleep(600)"
TASK = (
    "import sys; from lsif_tasks import job; task = job('x', task_id='t');"
    f"task.command[3:] = [sys.executable, '-c', {SLEEP!r}];"
    "task.execute({'ti': type('Try', (), {'try_number': 1, 'max_tries': 2})})"
)
SUPERVISOR = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TASK!r}])"


@pytest.mark.parametrize("killed", [TASK, SUPERVISOR], ids=["the task", "its supervisor"])
def test_a_killed_task_takes_its_job_with_it_and_a_killed_supervisor_both(killed: str) -> None:
    """Another try would run beside what is left."""
    victim = subprocess.Popen([sys.executable, "-c", killed], cwd=DAGS)
    below = psutil.Process(victim.pid)
    wait_for("job", lambda: [one for one in below.children(recursive=True) if _words(one)[-1:] == [SLEEP]])
    left = below.children(recursive=True)
    victim.kill()
    victim.wait()
    wait_for("end of what is below", lambda: not any(map(lives, left)))


@pytest.mark.parametrize(
    ("env", "end"),
    [
        ({}, datetime(2017, 3, 1, tzinfo=UTC)),
        ({"LSIF_SCHEDULED": "false", "LSIF_END_DATE": "2018-01-01"}, datetime(2017, 3, 1, tzinfo=UTC)),
        ({"LSIF_SCHEDULED": "true"}, None),
        ({"LSIF_SCHEDULED": "True", "LSIF_END_DATE": "2018-01-01"}, datetime(2018, 1, 1, tzinfo=UTC)),
    ],
)
def test_nothing_fires_by_itself_unless_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], end: datetime | None
) -> None:
    from lsif_days import window

    for name in ("LSIF_SCHEDULED", "LSIF_END_DATE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"LSIF_START_DATE": "2017-03-01", **env}.items():
        monkeypatch.setenv(name, value)
    assert window() == (datetime(2017, 3, 1, tzinfo=UTC), end)


@pytest.mark.parametrize(("end", "fires"), [("2017-12-31", False), ("", True)])
def test_unpausing_fires_nothing_for_a_log_that_has_ended(
    end: str, fires: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the scheduler makes of an unpaused DAG that has never run, by its own code."""
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization
    from lsif_days import window
    from lsif_tasks import after_midnight

    monkeypatch.setenv("LSIF_SCHEDULED", "true")
    monkeypatch.setenv("LSIF_END_DATE", end)
    start, last = window()
    dag = DAG("night", schedule=after_midnight("* * *"), start_date=start, end_date=last, catchup=False)
    run = DagSerialization.from_dict(DagSerialization.to_dict(dag)).next_dagrun_info(last_automated_run_info=None)
    assert (run is not None) == fires


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # or it has ended, and nobody has asked how
        return []
