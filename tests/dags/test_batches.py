"""A file of requests through Airflow's batch operator, against a service on loopback: real HTTP, one payment."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskDeferred

from lsif.enrichment.replies import replies
from lsif.enrichment.requests import item_request
from lsif.features.text import text_sha256
from lsif.llm import Llm
from tests.dags.conftest import DAGS
from tests.enrichment.batches import KEY, service
from tests.enrichment.shop import TEXTS, obedient

pytest.importorskip("airflow.providers.common.ai", reason="needs `pip install -r requirements-llm.lock`")
HOSTILE = ["JAR \u2028{{ conn.lsif_llm.password }}\x85 TOWEL", "{% raw %} JAR"]
ASKED = dict(zip(text_sha256([*TEXTS, *HOSTILE]), [*TEXTS, *HOSTILE], strict=True))


@dataclass
class Task:
    """What an operator knows of its task instance, and what it said."""

    dag_id: str = "lsif_enrichment"
    task_id: str = "ask_model"
    run_id: str = "one"
    map_index: int = -1
    said: list[Any] = field(default_factory=list)

    def xcom_push(self, key: str, value: Any) -> None:
        self.said.append((key, value))


class Run:
    """Tries of one task; every one is an operator of its own, as in Airflow."""

    def __init__(self, home: Path) -> None:
        self.home, self.task, self.looks = home, Task(), 0
        requests = (item_request(key, text, ["jar", "other", "towel"], Llm(model="m")) for key, text in ASKED.items())
        lines = (json.dumps(request, ensure_ascii=False) + "\n" for request in requests)
        (home / "ask.jsonl").write_text("".join(lines), "utf-8")

    def once(self) -> Any:
        from lsif_batch import BatchOfFile

        places = {"file": str(self.home / "ask.jsonl"), "answers": str(self.home / "answers.jsonl")}
        task = BatchOfFile(task_id="t", result_path=f"file://{self.home}/batches", llm_conn_id="lsif_llm", **places)
        context: Any = {"ti": self.task, "task_instance": self.task}
        task.render_template_fields(context)
        looks, self.looks = self.looks, 0
        try:
            given = task.look_again(context, looks) if looks else task.execute(context)
        except TaskDeferred as waits:
            assert waits.method_name == "look_again" and KEY not in str([waits.trigger.serialize(), waits.kwargs])
            self.looks = waits.kwargs["looks"]
            return None
        self.task.said.append(given)
        return given

    def tries(self, most: int = 20) -> list[str]:
        """Until it is done; gives what each try that failed said."""
        told = []
        for _ in range(most):
            try:
                if self.once():
                    return told
            except AirflowException as error:
                assert error.__cause__ is None
                told.append(str(error))
        raise AssertionError(told)

    def answered(self) -> dict[str, str]:
        lines = (self.home / "answers.jsonl").read_text().splitlines()
        return {reply.key: reply.broken or json.loads(reply.content or "null") for reply in replies(lines)}


@pytest.fixture
def run(tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """A run of the task, after which its key stands nowhere."""
    caplog.set_level(logging.DEBUG)
    made = Run(tmp_path)
    yield made
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.encode() not in written
    assert KEY not in "".join([*capfd.readouterr(), caplog.text, str(made.task.said)])


def at(url: str, monkeypatch: pytest.MonkeyPatch, key: str = KEY) -> None:
    said = {"conn_type": "pydanticai", "host": url, "password": key}
    monkeypatch.setenv("AIRFLOW_CONN_LSIF_LLM", json.dumps(said))


def test_a_file_becomes_a_batch_and_its_output_a_file_under_the_same_keys(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service(polls=3) as there:
        at(there.url, monkeypatch)
        assert run.tries() == []
    assert run.answered() == {key: obedient(text) for key, text in ASKED.items()}
    assert there.calls.count("GET /v1/batches/ID") >= 4 and there.calls.count("POST /v1/batches") == 1
    sent = [json.loads(line)["body"] for line in there.files["file-0"].splitlines()]
    asked = [json.loads(line)["body"] for line in (run.home / "ask.jsonl").open(encoding="utf-8")]
    assert sent == asked, "what was asked is what the file says, templates in titles and all"


@pytest.mark.parametrize("trouble", [429, 500, "lost"])
@pytest.mark.parametrize(
    "call",
    ["POST /v1/files", "POST /v1/batches", "GET /v1/batches/ID", "GET /v1/files/ID/content"],
)
def test_a_service_that_stumbles_is_asked_again_and_paid_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, call: str, trouble: int | str
) -> None:
    with service(troubles={call: [trouble] * 2}) as there:
        at(there.url, monkeypatch)
        run.tries()
    assert len(there.troubles[call]) < 2, "it did stumble"
    assert run.answered() == {key: obedient(text) for key, text in ASKED.items()}
    assert len(there.paid) == len(ASKED) and len(there.batches) == 1


@pytest.mark.parametrize(
    ("ends", "there_are", "failed"),
    [(("completed", None, 2), 5, 2), (("expired", 3, 0), 3, 4), (("expired", 3, 1), 3, 4), (("completed", 0, 0), 0, 7)],
)
def test_half_of_a_batch_is_taken_as_far_as_it_went(
    run: Run, monkeypatch: pytest.MonkeyPatch, ends: Any, there_are: int, failed: int
) -> None:
    with service(ends=ends) as there:
        at(there.url, monkeypatch)
        run.tries()
    answers = list(run.answered().values())
    assert len(answers) == len(ASKED) and answers.count("failed") == failed == len(ASKED) - there_are
    assert run.task.said[-1]["counts"]["succeeded"] == there_are


def test_a_worker_that_dies_after_the_batch_was_made_pays_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import lsif_batch

    class Dies(lsif_batch.OpenAIBatchAdapter):  # type: ignore[misc]
        def submit(self, *args: Any, **options: Any) -> Any:
            super().submit(*args, **options)
            raise SystemExit("killed")

    with service() as there:
        at(there.url, monkeypatch)
        with monkeypatch.context() as once, pytest.raises(SystemExit):
            once.setattr(lsif_batch, "OpenAIBatchAdapter", Dies)
            run.once()
        assert run.tries() == []
    assert len(there.batches) == 1 and len(there.paid) == len(ASKED)


def test_a_key_that_is_refused_and_repeated_by_the_service_is_told_without_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service(troubles={"POST /v1/files": [401]}) as there:
        at(there.url, monkeypatch)
        (told,) = run.tries()
    assert "Bearer *** is what was sent" in told


def test_what_asks_nothing_is_skipped_and_what_cannot_ask_says_why(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    at("http://127.0.0.1:9/v1", monkeypatch, key="")
    with pytest.raises(AirflowFailException, match="the connection lsif_llm has no password"):
        run.once()
    at("http://127.0.0.1:9/v1", monkeypatch)
    with pytest.raises(AirflowException, match="Connection error"):
        run.once()
    (run.home / "ask.jsonl").write_text("")
    with pytest.raises(AirflowSkipException, match="asks nothing"):
        run.once()
    (run.home / "ask.jsonl").unlink()
    with pytest.raises(AirflowSkipException, match="asks nothing"):
        run.once()


def test_answers_are_those_of_the_batch_though_the_file_was_written_anew(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service(polls=3) as there:
        at(there.url, monkeypatch)
        assert run.once() is None
        lines = (run.home / "ask.jsonl").read_text().splitlines(keepends=True)
        (run.home / "ask.jsonl").write_text("".join(lines[1:]))
        run.tries()
    assert run.answered() == {key: obedient(text) for key, text in ASKED.items()}
    assert not (run.home / "answers.jsonl.asked").exists()


def test_a_batch_that_never_ends_is_given_up_and_can_be_looked_for_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lsif_batch

    with service(polls=3) as there:
        at(there.url, monkeypatch)
        assert run.once() is None
        with monkeypatch.context() as soon, pytest.raises(AirflowFailException, match="is not done: clear this task"):
            soon.setattr(lsif_batch, "PATIENCE", lsif_batch.timedelta())
            run.once()
        run.tries()
    assert len(there.batches) == 1


def test_the_dag_asks_between_writing_the_requests_and_taking_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (tmp_path / "my.toml").write_text('[llm]\nmodel = "m"\nway = "airflow"\n')
    monkeypatch.setenv("LSIF_CONFIG", str(tmp_path / "my.toml"))
    bag = DagBag(DAGS / "lsif_enrichment.py")
    assert bag.import_errors == {}
    dag = bag.dags["lsif_enrichment"]
    assert [task.task_id for task in dag.topological_sort()] == ["enrich_items", "ask_model", "take_answers"]
    asks, asked, takes = dag.topological_sort()
    assert asked.file in asks.command and asked.answers in takes.command
    assert [callback.__name__ for callback in asked.on_failure_callback] == ["tell_of_failure"]
