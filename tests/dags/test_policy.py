"""What every DAG must be: clean to import, documented, owned, patient, bounded, and wired to jobs that exist."""

import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

from lsif.code import imported_sources
from tests.dags.conftest import DAGS, ROOT
from tests.scripts import run_job

IDS = ("lsif_enrichment", "lsif_nightly", "lsif_promotion", "lsif_retention", "lsif_training")


@pytest.fixture(params=IDS)
def dag(request: pytest.FixtureRequest, dagbag: Any) -> Any:
    return dagbag.dags[request.param]


def test_the_files_import_cleanly_and_hold_five_dags(dagbag: Any) -> None:
    assert dagbag.import_errors == {}
    assert sorted(dagbag.dags) == list(IDS)


def test_a_dag_says_what_it_is_for(dag: Any) -> None:
    assert "*Owner*: lsif" in dag.doc_md
    assert {"lsif", dag.dag_id.removeprefix("lsif_")} == set(dag.tags)


def test_a_dag_runs_one_at_a_time_and_never_catches_up(dag: Any) -> None:
    assert dag.max_active_runs == 1
    assert not dag.catchup


def test_a_task_is_owned_retried_bounded_and_heard_of(dag: Any) -> None:
    assert dag.tasks
    for task in dag.tasks:
        assert task.owner == "lsif", task.task_id
        assert task.retries >= 1, task.task_id
        assert task.retry_delay >= timedelta(minutes=1), task.task_id
        assert timedelta() < task.execution_timeout <= timedelta(hours=6), task.task_id
        assert [callback.__name__ for callback in task.on_failure_callback] == ["tell_of_failure"], task.task_id


def test_a_task_starts_a_job_that_exists_and_dies_with_it(dag: Any) -> None:
    for task in dag.tasks:
        assert task.command[:3] == ["setpriv", "--pdeathsig", "KILL"], task.task_id
        assert script(task).is_file(), f"{task.task_id} starts {script(task)}"
        assert script(task).parent == ROOT / "jobs"


def test_a_job_knows_every_flag_it_is_given(dag: Any) -> None:
    for task in dag.tasks:
        flags = {flag for word in task.command[5:] for flag in re.findall(r"--[a-z][a-z-]*", word)}
        assert flags <= known_flags(script(task)), task.task_id


ON_CLUSTERS = {"score_users", "train", "report", "verify"}
"""Spark applications only where a cluster is set, or asked for: there a night need not wait for a training's hours. The
page and the check of some users ask for lists again, by the same functions, and never on a cluster."""


def test_spark_applications_take_turns(dag: Any) -> None:
    for task in dag.tasks:
        uses_spark = ROOT / "lsif" / "spark.py" in imported_sources(script(task)) and task.task_id not in ON_CLUSTERS
        assert task.pool == ("lsif_spark" if uses_spark else "default_pool"), task.task_id


def test_the_night_is_one_straight_line(dagbag: Any) -> None:
    night = {task.task_id: sorted(task.upstream_task_ids) for task in dagbag.dags["lsif_nightly"].tasks}
    assert night == {
        "events_to_interests": [],
        "ingest_items": [],
        "embed_items": ["ingest_items"],
        "score_users": ["embed_items", "events_to_interests"],
        "audit_recommendations": ["score_users"],
        "publish_recommendations": ["audit_recommendations"],
        "join_feedback": ["publish_recommendations"],
        "user_interests": ["events_to_interests", "ingest_items"],
        "verify": ["publish_recommendations"],
        "report": ["join_feedback", "user_interests", "verify"],
    }


def test_a_training_is_judged_before_it_is_promoted(dagbag: Any) -> None:
    training = [task.task_id for task in dagbag.dags["lsif_training"].topological_sort()]
    assert training == ["training_cutoffs", "embed_items", "train", "gate", "promote"]


def test_nights_emit_nothing_that_could_start_a_training(dagbag: Any) -> None:
    for task in dagbag.dags["lsif_nightly"].tasks:
        assert not task.outlets
        assert type(task).__name__ == ("PageOperator" if task.task_id == "report" else "JobOperator")


@pytest.mark.parametrize(
    ("dag_id", "keys"),
    [
        ("lsif_nightly", ["2017-11-01", "2017-11-02", "2017-11-03"]),
        ("lsif_training", []),
        ("lsif_enrichment", []),
        ("lsif_promotion", []),
        ("lsif_retention", []),
    ],
)
def test_a_backfill_has_one_key_per_day(dagbag: Any, dag_id: str, keys: list[str]) -> None:
    stored = DagSerialization.from_dict(DagSerialization.to_dict(dagbag.dags[dag_id]))
    first, last = datetime(2017, 11, 1, tzinfo=UTC), datetime(2017, 11, 3, tzinfo=UTC)
    found = stored.iter_dagrun_infos_between(first, last) if stored.timetable.partitioned else []
    assert [info.partition_key for info in found] == keys


@pytest.mark.parametrize(
    ("dag_id", "key"),
    [("lsif_nightly", "2017-11-14"), ("lsif_training", "2017-11-13"), ("lsif_retention", "2017-11-12")],
)
def test_a_scheduled_run_is_for_a_day_that_has_ended(dagbag: Any, dag_id: str, key: str) -> None:
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dagbag.dags[dag_id])).timetable
    tuesday = TimeRestriction(datetime(2017, 11, 14, 12, tzinfo=UTC), latest=None, catchup=True)
    info = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=tuesday)
    assert info.partition_key == key
    assert info.run_after >= datetime.fromisoformat(f"{key}T00:00:00Z") + timedelta(days=1)


def test_parsing_is_quick_and_imports_nothing_heavy() -> None:
    seconds, heavy = json.loads(
        subprocess.run(
            [sys.executable, "-c", PARSE],
            cwd=DAGS,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    assert heavy == []
    assert seconds < 1.0


PARSE = """
import json, sys, time
import airflow.sdk, airflow.providers.standard.hooks.subprocess
from airflow.sdk import DAG, BaseOperator, Context, CronPartitionTimetable, Param
started = time.perf_counter()
import lsif_nightly, lsif_training, lsif_promotion, lsif_retention
seconds = time.perf_counter() - started
print(json.dumps([seconds, [m for m in ("torch", "pyspark", "pandas", "mlflow", "lsif") if m in sys.modules]]))
"""


def script(task: Any) -> Path:
    return Path(task.command[4])


@cache
def known_flags(job: Path) -> set[str]:
    """The flags in a job's own help."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        run_job(patch, None, job.stem, "--help")
    return set(re.findall(r"--[a-z][a-z-]*", said.getvalue()))
