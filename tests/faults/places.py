"""How a process is made to fail at a place, and what such runs are counted as."""

import signal
from collections.abc import Sequence
from typing import Any

import pytest

from lsif.failpoints import HOW

ENDS = {"kill": -signal.SIGKILL, "term": -signal.SIGTERM, "raise": 1}
"""Exit status by each way to fail."""
PLACE, RETRY = "a named place of {}, killed, ended, failed", "the plain retry ({})"


def ways(places: Sequence[str], quick: Sequence[str] = ()) -> list[Any]:
    """Each place by each way; in `make test` those of `quick`, by an exception, which needs no process of its own."""
    return [
        pytest.param(place, how, marks=[] if how == "raise" and place in quick else pytest.mark.long)
        for place in places
        for how in HOW
    ]
