"""What stands around every access to the storage below the tables."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import isfunction, isgeneratorfunction
from typing import Any, TypeVar

from lsif.errors import LsifError
from lsif.outages import explained, is_outage

Class = TypeVar("Class")


def answering(kind: type[Class]) -> type[Class]:
    """Make every public method of a class raise `OutageError`, in one line, where the storage did not answer.

    Then nothing was committed, or all of it was.
    """
    for name, method in list(vars(kind).items()):
        if isfunction(method) and not name.startswith("_"):
            setattr(kind, name, _streamed(method) if isgeneratorfunction(method) else _called(method))
    return kind


def _called(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def inside(*args: Any, **named: Any) -> Any:
        with _reaching():
            return method(*args, **named)

    return inside


def _streamed(method: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    @wraps(method)
    def inside(*args: Any, **named: Any) -> Iterator[Any]:
        with _reaching():
            yield from method(*args, **named)

    return inside


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except LsifError:
        raise
    except Exception as error:  # OSError, DeltaError, Py4JJavaError: they share nothing else
        if not is_outage(error):
            raise
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "not set")
        raise explained(f"the storage does not answer (AWS_ENDPOINT_URL: {endpoint})", error) from error
