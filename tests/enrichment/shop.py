"""A catalogue, and a model of a test's own that answers its requests in a file."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

DS = "2017-03-11"
TEXTS = ["GLASS JAR SMALL", "GLASS JAR WITH LID", "RED TEA TOWEL", "BLUE TEA TOWEL", "PAPER FAN"]
MODEL = '\n[llm]\nmodel = "some-model"\n'
Answer = Callable[[str], Any]


def catalogue(tables: Tables, texts: Iterable[str]) -> None:
    rows = [{"item_id": f"i{number:02d}", "title": text, "text": text} for number, text in enumerate(texts)]
    writer = tables.writer("items")
    writer.write(DS, pa.Table.from_pylist(rows, arrow_schema(TABLES["items"], with_ds=False)))
    writer.commit()


def said(kind: str, words: str, goes_with: Iterable[str] = (), **attributes: str) -> dict[str, Any]:
    """An answer, all of it resting on the same words."""
    return {
        "kind": kind,
        "words": words,
        "attributes": [{"name": name, "value": value, "words": words} for name, value in attributes.items()],
        "goes_with": [{"kind": one, "words": words} for one in goes_with],
    }


def obedient(text: str) -> dict[str, Any]:
    """What an honest model says of `TEXTS`."""
    if "JAR" in text:
        return said("jar", "GLASS JAR", ["towel"], material="glass", use="kitchen")
    return said("towel", "TEA TOWEL", ["jar"], use="kitchen") if "TOWEL" in text else said("other", text)


def proposal(texts: dict[str, str]) -> dict[str, Any]:
    """Kinds that rest on two texts each, as an honest model proposes them."""
    examples = {
        kind: [{"text": int(number), "words": word} for number, text in texts.items() if word in text]
        for kind, word in {"jar": "JAR", "towel": "TOWEL"}.items()
    }
    return {"kinds": [{"kind": kind, "examples": of} for kind, of in examples.items()]}


def texts_of(request: dict[str, Any]) -> Any:
    """What a request holds: one text, or texts by number."""
    (message,) = json.loads(request["body"]["messages"][1]["content"]).values()
    return message


def line(key: str, content: str, **changes: Any) -> str:
    """A line of a batch's output."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    response = {"status_code": 200, "request_id": "r", "body": {"object": "chat.completion", "choices": [choice]}}
    return json.dumps({"id": "b", "custom_id": key, "response": response, "error": None} | changes) + "\n"


def answered(request: dict[str, Any], answer: Answer = obedient, kinds: Answer = proposal) -> str:
    """The line of output of a request; what `answer` returns may be any text, or JSON."""
    texts = texts_of(request)
    content = answer(texts) if isinstance(texts, str) else kinds(texts)
    return line(request["custom_id"], content if isinstance(content, str) else json.dumps(content))


def answer_file(requests: Path, out: Path, answer: Answer = obedient, kinds: Answer = proposal) -> None:
    """Answer every request of a file."""
    asked = map(json.loads, requests.read_text().split("\n")[:-1])
    out.write_text("".join(answered(request, answer, kinds) for request in asked))
