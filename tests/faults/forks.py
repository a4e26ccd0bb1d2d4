"""Processes that may be killed, each forked from one that has imported what they use and used nothing of it.

A process that has read a Delta table holds threads, which a fork would not have: the tests' own cannot be forked.
"""

import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from lsif import failpoints
from lsif.errors import Superseded

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_MS = 60_000
Act = Callable[[dict[str, Any], Callable[[], None]], None]
"""What a process does: an action, and whom to tell when all its files are written."""


@dataclass(frozen=True)
class End:
    """How a process ended: its exit status as `subprocess` has it, and what it had said by then."""

    code: int
    said: str


class Forks:
    """The process that forks, and a way to ask it.

    Args:
        module: its `act` is what the processes do.
    """

    def __init__(self, module: str) -> None:
        command = [sys.executable, "-m", "tests.faults.forks", module]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, *actions: dict[str, Any], failpoint: str = "", kill_after_ms: float | None = None, together: bool = False
    ) -> list[End]:
        """Each of the actions in a process of its own, at the same time.

        Args:
            failpoint: value of `LSIF_FAILPOINT` in all of them.
            kill_after_ms: SIGKILL for all of them so long after they were started.
            together: each waits, when it has written its files, until all have.
        """
        order = {"actions": actions, "failpoint": failpoint, "kill_after_ms": kill_after_ms, "together": together}
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        return [End(**end) for end in json.loads(self._server.stdout.readline())]

    def close(self) -> None:
        """End it; whatever it forked has ended."""
        assert self._server.stdin and self._server.stdout
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()


# --- in the process that forks ----------------------------------------------------------------------------------------


def serve(act: Act) -> None:
    for line in sys.stdin:
        order = json.loads(line)
        os.environ[failpoints.VARIABLE] = order["failpoint"]
        print(json.dumps(_ended(act, **{key: value for key, value in order.items() if key != "failpoint"})), flush=True)


def _ended(
    act: Act, actions: list[dict[str, Any]], kill_after_ms: float | None, together: bool
) -> list[dict[str, Any]]:
    ready, go = os.pipe(), os.pipe()

    def meet() -> None:
        os.write(ready[1], b".")
        os.read(go[0], 1)

    started = [_forked(act, action, meet if together else lambda: None) for action in actions]
    if together:
        for _ in actions:
            os.read(ready[0], 1)
        os.write(go[1], b"." * len(actions))
    ends = [_end(pid, said, kill_after_ms) for pid, said in started]
    for end in (*ready, *go):
        os.close(end)
    return ends


def _forked(act: Act, action: dict[str, Any], meet: Callable[[], None]) -> tuple[int, int]:
    said = os.pipe()
    if pid := os.fork():
        os.close(said[1])
        return pid, said[0]
    try:
        act(action, meet)
        os.write(said[1], b"done")
        os._exit(0)
    except SystemExit as end:
        os.write(said[1], b"done" if not end.code else b"")
        os._exit(int(end.code or 0))
    except Superseded:
        os._exit(Superseded.exit_code)
    except failpoints.InjectedFault:
        os._exit(1)
    except BaseException:
        traceback.print_exc()
        os._exit(3)


def _end(pid: int, said: int, kill_after_ms: float | None) -> dict[str, Any]:
    watched = select.poll()
    handle = os.pidfd_open(pid)
    watched.register(handle, select.POLLIN)
    if not watched.poll(PATIENCE_MS if kill_after_ms is None else kill_after_ms):
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(handle)
    words = os.read(said, 100).decode()
    os.close(said)
    return {"code": code, "said": words}


if __name__ == "__main__":
    serve(import_module(sys.argv[1]).act)
