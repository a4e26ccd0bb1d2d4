"""Two threads that go on one step at a time, in an order that is given; a step ends at a named place."""

import threading
from collections.abc import Callable

import pytest

from lsif import failpoints

PATIENCE = 180.0  # seconds, for a step


class Stepper:
    """A thread that stops at every named place until it is told to go on."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self.end: Exception | None = None
        self.is_over = False
        self._work = work
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def step(self) -> None:
        """Go on to the next place, or to the end."""
        if not self.is_over:
            self._go.release()
            assert self._stopped.acquire(timeout=PATIENCE), "a step waits for the other thread"

    def stop(self, name: str) -> None:
        self._stopped.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._work()
        except Exception as error:
            self.end = error
        self.is_over = True
        self._stopped.release()


def run(order: str, *works: Callable[[], None]) -> list[Exception | None]:
    """Run the works `a`, `b` … a step each in `order`, then each to its end; gives what each ended with."""
    steppers = [Stepper(work) for work in works]
    by_thread = {stepper.thread: stepper for stepper in steppers}

    def reached(name: str) -> None:
        if stepper := by_thread.get(threading.current_thread()):
            stepper.stop(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failpoints, "reached", reached)
        for one in order:
            steppers["ab".index(one)].step()
        for stepper in steppers:
            while not stepper.is_over:
                stepper.step()
    return [stepper.end for stepper in steppers]
