"""Processes that outlive the command which started them: recorded, recognised again, stopped with their children.

A record is a pid with its birth: the kernel's own start tick and boot id, which stay true when the clock is set
and tell a process from a later one that got the same pid.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from lsif.services.layout import Layout

PATIENCE_SECONDS = 10.0
_started: list[subprocess.Popen] = []  # kept so that a dead child of this process can be reaped


@dataclass(frozen=True)
class Record:
    """One started process."""

    name: str
    pid: int
    birth: str

    def write(self, layout: Layout) -> None:
        (layout.run / f"{self.name}.pid.json").write_text(json.dumps(asdict(self)))

    def forget(self, layout: Layout) -> None:
        (layout.run / f"{self.name}.pid.json").unlink(missing_ok=True)


def birth(pid: int) -> str | None:
    """Boot id and start tick of a living process; None when there is none. A zombie is not alive."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def read_record(layout: Layout, name: str) -> Record | None:
    file = layout.run / f"{name}.pid.json"
    return Record(**json.loads(file.read_text())) if file.exists() else None


def record_process(layout: Layout, name: str, pid: int) -> Record:
    record = Record(name, pid, birth(pid) or "gone")
    record.write(layout)
    return record


def is_alive(record: Record | None) -> bool:
    reap()
    return record is not None and birth(record.pid) == record.birth


def start(layout: Layout, name: str, command: Sequence[str], env: Mapping[str, str]) -> Record:
    """Start `command` in a session of its own, with its output in its log (the last start's is kept as .1)."""
    log = layout.log(name)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=layout.home,
            env=dict(env),
        )
    _started.append(child)
    return record_process(layout, name, child.pid)


def reap() -> None:
    """Collect dead children of this process, so that none stays a zombie while we live."""
    _started[:] = [child for child in _started if child.poll() is None]


def family(record: Record) -> set[psutil.Process]:
    """Everyone in the session of the recorded process, whether it lives or not, with all their descendants."""
    found: set[psutil.Process] = set()
    now = birth(record.pid)
    if now != record.birth and (now is not None or _boot(record.birth) != _boot(birth(os.getpid()))):
        return found  # the pid, and so the session of that number, belongs to somebody else by now
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):  # ended while we looked
            if os.getsid(process.pid) == record.pid:
                found |= {process, *process.children(recursive=True)}
    return found


def _boot(born: str | None) -> str:
    return (born or "").partition(":")[0]


def stop(records: Iterable[Record], first: signal.Signals = signal.SIGTERM) -> None:
    """Send `first` to every process of every family, wait, and kill what is left. Returns when all are gone."""
    records = list(records)
    known: set[psutil.Process] = set()
    asked: set[psutil.Process] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while living := _living(known := known.union(*(family(record) for record in records))):
        late = time.monotonic() > deadline
        for process in living if late else living - asked:
            _send(process, signal.SIGKILL if late else first)
        asked |= living
        time.sleep(0.1)


def _living(processes: Iterable[psutil.Process]) -> set[psutil.Process]:
    reap()
    return {process for process in processes if process.is_running() and birth(process.pid) is not None}


def _send(process: psutil.Process, sent: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):  # it ended by itself; psutil also refuses a pid that was reused
        process.send_signal(sent)
