"""A file of requests, asked as one batch through Airflow: its answers are a file again, as `lsif llm import` reads it.

Airflow, its provider `common.ai` (requirements-llm.lock) and the standard library only.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.common.ai.batch.openai import OpenAIBatchAdapter
from airflow.providers.common.ai.operators.llm_batch import LLMBatchOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseHook, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from openai import OpenAI

PATIENCE = timedelta(hours=26)
"""A batch expires a day after it was made; what takes longer does not answer."""


class BatchOfFile(LLMBatchOperator):  # type: ignore[misc]
    """Asks the requests of `file` as one batch and writes the answers to `answers`; skips where nothing is asked.

    The batch lives at the service, and its id under `result_path`: a task that is tried again, cleared or looked after
    by another worker goes on with the same one. So it is cancelled by nobody, and nobody but a worker knows the key.
    """

    template_fields = ("file", "answers", "result_path", "llm_conn_id")  # no text of a title is a template

    def __init__(self, *, file: str, answers: str, poll_interval: int = 600, **options: Any) -> None:
        super().__init__(
            requests=[], poll_interval=poll_interval, cancel_on_kill=False, cancel_on_timeout=False, **options
        )
        self.file, self.answers, self.looks = file, answers, 0

    @property
    def asked(self) -> Path:
        """What the batch that is out asks: the requests may be written anew before it answers."""
        return Path(self.answers + ".asked")

    def execute(self, context: Context) -> Any:
        if not (keys := self._read()):
            raise AirflowSkipException(f"{self.file} asks nothing")
        with _telling_no_key(self.llm_conn_id):
            manifest = super().execute(context)
        self._write(keys, Path(manifest["result_uri"].removeprefix("file://")))
        return {"answers": self.answers, "counts": manifest["counts"]}

    def look_again(self, context: Context, looks: int, event: Any = None) -> Any:
        """Where the task goes on after it has waited: the batch is known by now, and nothing is sent again."""
        self.looks = looks
        return self.execute(context)

    def _wait(self, context: Context, *, batch_id: str, **known: Any) -> Any:
        """Not by the provider's trigger: it needs the key too, and what a service said in anger goes to a table."""
        if not self.asked.exists():
            shutil.copyfile(self.file, self.asked)
        pause = timedelta(seconds=self.poll_interval)
        if self.looks * pause > PATIENCE:
            raise AirflowFailException(f"the batch {batch_id} is not done: clear this task, and it looks for it again")
        self.defer(trigger=TimeDeltaTrigger(pause), method_name="look_again", kwargs={"looks": self.looks + 1})

    def _build_adapter(self, conn: Any = None) -> tuple[str, OpenAIBatchAdapter]:
        """With a client that sends nothing twice: a batch whose making got lost on the way is looked for instead."""
        conn = conn or self._connection()
        if not conn.password:
            raise AirflowFailException(f"the connection {self.llm_conn_id} has no password: the key, or any word")
        client = OpenAI(api_key=conn.password, base_url=conn.host or None, max_retries=0)
        return OpenAIBatchAdapter.name, OpenAIBatchAdapter(client=client)

    def _read(self) -> list[str]:
        """The file's requests as the operator takes them; gives their keys, in order."""
        if not (file := self.asked if self.asked.exists() else Path(self.file)).exists():
            return []
        with file.open(encoding="utf-8") as opened:  # by its line feeds alone: a title may hold other ends of lines
            lines = [json.loads(line) for line in opened]
        for line in lines[:1]:  # all of a file ask alike
            body = line["body"]
            self.model_id, self.max_tokens = f"openai:{body['model']}", body["max_completion_tokens"]
            self.system_prompt = body["messages"][0]["content"]
            self.request_params = {"response_format": body["response_format"]}
        self.requests = [{"prompt": line["body"]["messages"][1]["content"]} for line in lines]
        return [line["custom_id"] for line in lines]

    def _write(self, keys: list[str], landed: Path) -> None:
        """The batch's output under the file's own keys, and not what a service says of failures."""
        part = Path(self.answers + ".part")
        with landed.open("r", encoding="utf-8") as rows, part.open("w", encoding="utf-8") as file:
            for row in map(json.loads, rows):
                file.write(json.dumps(_line(keys[row["index"]], row)) + "\n")
        part.replace(self.answers)
        landed.unlink()
        self.asked.unlink(missing_ok=True)


def _line(key: str, row: dict[str, Any]) -> dict[str, Any]:
    if row["status"] not in ("success", "invalid_output"):
        return {"custom_id": key, "response": None, "error": {"code": row["status"]}}
    choice = {"message": {"content": row["output"]}, "finish_reason": row["finish_reason"]}
    return {"custom_id": key, "response": {"status_code": 200, "body": {"choices": [choice]}}, "error": None}


@contextmanager
def _telling_no_key(connection: str) -> Iterator[None]:
    """What goes wrong is told without the key, and be it that the service said it."""
    try:
        yield
    except (AirflowFailException, AirflowSkipException):
        raise
    except Exception as error:
        key = BaseHook.get_connection(connection).password
        told = f"{type(error).__name__}: {error}"
        raise AirflowException(told.replace(key, "***") if key else told) from None
