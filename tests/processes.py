"""Processes of others: whether they live, and waiting for what they do."""

import time
from collections.abc import Callable

import psutil

PATIENCE = 240.0
"""Seconds; a JVM starts slowly on a busy machine."""


def lives(process: psutil.Process) -> bool:
    """False for a zombie: where PID 1 does not reap, the dead stay listed."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(what: str, happened: Callable[[], object], patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, f"no {what} within {patience} s"
        time.sleep(0.02)
