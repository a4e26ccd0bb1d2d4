"""What the tests of faults share; `make test-faults` ends with their counts."""

from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter
from xdist.workermanage import WorkerController

from tests.faults.forks import Forks
from tests.faults.tally import TALLY, Tally

COUNTED = "faults"


@pytest.fixture(scope="session")
def tally() -> Tally:
    return TALLY


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Processes that write tables and may die, at the cost of a fork each."""
    opened = Forks("tests.faults.writing")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def jobs() -> Iterator[Forks]:
    """The same, of jobs."""
    opened = Forks("tests.faults.working")
    yield opened
    opened.close()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[COUNTED] = TALLY.as_dict()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """What one of several processes counted."""
    TALLY.merge(getattr(node, "workeroutput", {}).get(COUNTED, {}))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if TALLY.counts:
        terminalreporter.section("faults")
        for line in TALLY.lines():
            terminalreporter.line(line)
