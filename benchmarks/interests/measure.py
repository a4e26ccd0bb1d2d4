"""What a command costs with everything it starts: CPU, wall time, memory, bytes.

Java outlives the Python that started it by a moment, so the kernel would not add its CPU to anybody's. This process
therefore adopts what its children leave behind (PR_SET_CHILD_SUBREAPER) and waits for every one of them.
"""

import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

EVERY_SECONDS = 0.25
PR_SET_CHILD_SUBREAPER = 36

T = TypeVar("T")


@dataclass
class Cost:
    """Of a command and all its descendants.

    Attributes:
        cpu, wall: seconds.
        peak: bytes of memory, proportional set size, sampled four times a second.
        anonymous: the most of it at one time that no file is behind: what has to be there.
        read, written: bytes of read and write calls, whether the page cache or a disk answered; pipes between a JVM
            and Python, and jars, count too.
    """

    cpu: float = 0.0
    wall: float = 0.0
    peak: int = 0
    anonymous: int = 0
    read: int = 0
    written: int = 0
    failed: list[int] = field(default_factory=list)


def measured(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run `command` to its end, and to the end of all it started.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)
    cost, start, ended = Cost(), time.perf_counter(), threading.Event()
    process = subprocess.Popen(command, env=environment)
    watcher = threading.Thread(target=_watch, args=(process.pid, cost, ended))
    watcher.start()
    try:
        code = _wait_for_all(process.pid, cost)
    finally:
        ended.set()
        watcher.join()
    process.returncode = code
    cost.wall = time.perf_counter() - start
    if code:
        raise subprocess.CalledProcessError(code, list(command))
    return cost


def _wait_for_all(first: int, cost: Cost) -> int:
    """Add up every child, adopted ones too; each brings what it waited for itself. Returns the code of `first`."""
    code = 1
    with suppress(ChildProcessError):
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            assert ended is not None
            _add_bytes(ended.si_pid, cost)  # while it is a zombie; a moment later there is nothing to ask
            pid, status, usage = os.wait4(ended.si_pid, 0)
            cost.cpu += usage.ru_utime + usage.ru_stime
            if pid == first:
                code = os.waitstatus_to_exitcode(status)
    return code


def _add_bytes(pid: int, cost: Cost) -> None:
    counted = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    cost.read += int(counted["rchar"])
    cost.written += int(counted["wchar"])


def _watch(pid: int, cost: Cost, ended: threading.Event) -> None:
    while not ended.wait(EVERY_SECONDS):
        held = _each(psutil.Process().children(recursive=True), _held)
        cost.peak = max(cost.peak, sum(whole for whole, _ in held))
        cost.anonymous = max(cost.anonymous, sum(anonymous for _, anonymous in held))


def _held(process: psutil.Process) -> tuple[int, int]:
    """Bytes of a process's proportional set, and what of them is anonymous."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError) as gone:
        raise psutil.NoSuchProcess(process.pid) from gone
    bytes_of = {name: int(size.split()[0]) * 1024 for name, size in (line.split(":") for line in lines)}
    return bytes_of.get("Pss", 0), bytes_of.get("Pss_Anon", 0)


def cpu_so_far() -> float:
    """CPU seconds of this process and of everything it started that still lives or was waited for."""
    own = psutil.Process()
    return sum(_each([own, *own.children(recursive=True)], lambda process: sum(process.cpu_times()[:4])))


def _each(processes: list[psutil.Process], ask: Callable[[psutil.Process], T]) -> list[T]:
    answers = []
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            answers.append(ask(process))
    return answers
