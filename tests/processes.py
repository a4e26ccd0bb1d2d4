"""Processes of others: whether they live, what they do, and their end."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from lsif.services.layout import Layout
from lsif.services.processes import read_record

PATIENCE = 300.0
"""Seconds; JVMs start slowly on a busy machine."""
Value = TypeVar("Value")


def lives(process: psutil.Process | int) -> bool:
    """False for a zombie: where PID 1 does not reap, the dead stay listed."""
    try:
        own = psutil.Process(process) if isinstance(process, int) else process
        return bool(own.is_running() and own.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(what: str, happened: Callable[[], Value], patience: float = PATIENCE) -> Value:
    """What `happened` gives as soon as it is true."""
    deadline = time.monotonic() + patience
    while not (value := happened()):
        assert time.monotonic() < deadline, f"no {what} within {patience} s"
        time.sleep(0.02)
    return value


def kill(process: psutil.Process) -> None:
    """As when a machine dies: the process and all it started, at once."""
    family = [process, *process.children(recursive=True)] if process.is_running() else []
    for member in family:
        member.kill()
    psutil.wait_procs(family, timeout=PATIENCE)


def part(home: Path, name: str) -> psutil.Process:
    """The first process of one of the services of a home."""
    record = read_record(Layout(home), name)
    assert record is not None, f"{name} was not started"
    return psutil.Process(record.pid)
