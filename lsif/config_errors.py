"""What is wrong with a file of settings, in words."""

import difflib
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

MOVED: dict[tuple[str, ...], str] = {("ranking", "k"): "each list says its own, [lists.for_you] k = 20"}
"""Keys of earlier releases."""


def explained(error: ValidationError, settings: type[BaseModel]) -> Iterator[str]:
    """A line for each mistake in a file of `settings`."""
    for problem in error.errors():
        where = [str(part) for part in problem["loc"]]
        if problem["type"] == "default_factory_not_called":
            continue  # what it would follow from has a line of its own
        if problem["type"] == "extra_forbidden":
            if moved := MOVED.get(tuple(where)):
                yield f"{'.'.join(where)} is gone: {moved}"
                continue
            near = difflib.get_close_matches(where[-1], _keys_at(settings, where[:-1]), n=1)
            yield f"unknown key {'.'.join(where)}" + (f"; did you mean {near[0]}?" if near else "")
        else:
            yield f"{'.'.join(where)}: {problem['msg']}" if where else problem["msg"].removeprefix("Value error, ")


def _keys_at(model: type[BaseModel], where: list[str]) -> list[str]:
    """Keys that may stand at a place in the file; names of sources are passed over."""
    kind: Any = model
    for part in where:
        fields = getattr(kind, "model_fields", {})
        if part in fields:
            kind = fields[part].annotation
            kind = next((one for one in reversed(get_args(kind)) if one is not NoneType), kind)
    return list(getattr(kind, "model_fields", {}))
