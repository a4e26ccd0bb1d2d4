"""The page's task: it runs whatever became of the night, never costs one, and its button opens the page."""

from dataclasses import dataclass
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.serialization.serialized_objects import DagSerialization


@dataclass(frozen=True)
class Ended:
    """As much of a task's run as Airflow asks for here."""

    task_id: str
    state: str = "success"


@pytest.fixture
def night(dagbag: Any) -> Any:
    return dagbag.dags["lsif_nightly"]


def test_it_waits_for_all_others_and_runs_whatever_became_of_them(night: Any) -> None:
    made = night.get_task("report")
    assert made.trigger_rule == "all_done_setup_success" and not made.downstream_task_ids
    others = {task.task_id for task in night.tasks} - {"report"}
    ends = {name for name in others if night.get_task(name).downstream_task_ids <= {"report"}}
    assert ends and made.upstream_task_ids == ends


def test_a_run_is_as_good_as_its_other_tasks(night: Any) -> None:
    stored = DagSerialization.from_dict(DagSerialization.to_dict(night))
    tasks = [Ended(task.task_id) for task in stored.tasks]
    asked = DagRun._tis_for_dagrun_state(DagRun, dag=stored, tis=tasks)  # what Airflow asks for a run's state
    assert {one.task_id for one in asked} == night.get_task("report").upstream_task_ids - {"verify"}, "it only looks"


def test_its_failure_is_tried_once_more_and_soon_over(night: Any) -> None:
    made = night.get_task("report")
    assert made.retries == 1 and made.execution_timeout.total_seconds() <= 600


@pytest.mark.parametrize(
    ("said", "opens"),
    [
        ("http://127.0.0.1:5000/#/experiments/1/runs/a/artifacts/page/2017-10-31.html", True),
        ("/home/lsif/reports/2017-10-31.html", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_its_button_opens_what_the_job_said_last_where_that_is_an_address(night: Any, said: str, opens: bool) -> None:
    made = night.get_task("report")
    (link,) = made.operator_extra_links
    made.said = said
    assert link.get_link(made, ti_key=None) == (said if opens else "")
    stored = DagSerialization.from_dict(DagSerialization.to_dict(night)).get_task("report")
    assert [one.name for one in stored.operator_extra_links] == ["The night's page"]
