"""Lines of a batch's output, whoever made them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One line.

    Attributes:
        key: its `custom_id`, empty where the line cannot be read.
        content: what the model said, None where there is nothing to read.
        broken: why there is not: `line`, `failed` (ask again), `cut_off` or `refused`.
    """

    key: str
    content: str | None
    broken: str = ""


def replies(lines: Iterable[str]) -> Iterator[Reply]:
    """A reply for each line that is not blank; a batch that stopped half-way simply has fewer."""
    return (_reply(line) for line in lines if line.strip())


def _reply(line: str) -> Reply:
    try:
        row = json.loads(line)
        key = row["custom_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return Reply("", None, "line")
    if not isinstance(key, str):
        return Reply("", None, "line")
    try:
        return _said(key, row)
    except (TypeError, KeyError, IndexError, AttributeError):
        return Reply(key, None, "failed")


def _said(key: str, row: dict[str, Any]) -> Reply:
    if row.get("error") or row["response"]["status_code"] != 200:
        return Reply(key, None, "failed")
    choice = row["response"]["body"]["choices"][0]
    if choice.get("finish_reason") == "length":
        return Reply(key, None, "cut_off")
    content = choice["message"].get("content")
    return Reply(key, content) if isinstance(content, str) else Reply(key, None, "refused")
