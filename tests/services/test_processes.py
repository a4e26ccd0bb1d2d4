"""Records recognise their process and nobody else's; stopping takes children, orphans and the stubborn along."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from lsif.services import processes
from lsif.services.layout import Layout

SLEEP = "import time; time.sleep(600)"
PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', '{SLEEP}']); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.make()
    return layout


@pytest.fixture
def start(layout: Layout) -> Iterator[Callable[[str], processes.Record]]:
    started: list[processes.Record] = []

    def start_one(program: str) -> processes.Record:
        started.append(processes.start(layout, f"part{len(started)}", [sys.executable, "-c", program], os.environ))
        return started[-1]

    yield start_one
    processes.stop(started)


def test_a_record_survives_on_disk(layout: Layout, start: Callable[[str], processes.Record]) -> None:
    record = start(SLEEP)
    assert processes.read_record(layout, "part0") == record
    assert processes.is_alive(record)
    record.forget(layout)
    assert processes.read_record(layout, "part0") is None


def test_a_pid_that_was_reused_is_somebody_else(start: Callable[[str], processes.Record]) -> None:
    stranger = start(SLEEP)
    stale = processes.Record("old", stranger.pid, "another-boot:123")
    assert not processes.is_alive(stale)
    assert processes.family(stale) == set()
    processes.stop([stale])
    assert processes.is_alive(stranger)


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, not reaped
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert processes.birth(child.pid) is None
    child.wait()


def test_a_child_in_a_session_of_its_own_goes_with_its_parent(start: Callable[[str], processes.Record]) -> None:
    record = start(PARENT.replace("time.sleep(600)'])", "time.sleep(600)'], start_new_session=True)"))
    child = _child_of(record)
    _until(lambda: os.getsid(child) == child)
    processes.stop([record])
    assert processes.birth(record.pid) is processes.birth(child) is None


def test_children_go_with_their_parent(start: Callable[[str], processes.Record]) -> None:
    record = start(PARENT)
    child = _child_of(record)
    processes.stop([record])
    assert processes.birth(record.pid) is processes.birth(child) is None


def test_orphans_of_a_killed_parent_are_found_by_their_session(start: Callable[[str], processes.Record]) -> None:
    record = start(PARENT)
    child = _child_of(record)
    os.kill(record.pid, signal.SIGKILL)
    _until(lambda: not processes.is_alive(record))
    assert {process.pid for process in processes.family(record)} == {child}
    processes.stop([record])
    assert processes.birth(child) is None


def test_who_does_not_listen_is_killed(
    layout: Layout, start: Callable[[str], processes.Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_SECONDS", 0.5)
    record = start(STUBBORN)
    _until(lambda: "deaf" in layout.log("part0").read_text())
    processes.stop([record])
    assert processes.birth(record.pid) is None


def _child_of(record: processes.Record) -> int:
    _until(lambda: bool(psutil.Process(record.pid).children()))
    return int(psutil.Process(record.pid).children()[0].pid)


def _until(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
