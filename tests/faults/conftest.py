"""What the tests of faults share; `make test-faults` ends with their counts."""

from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter

from tests.faults.forks import Forks
from tests.faults.tally import TALLY, Tally


@pytest.fixture(scope="session")
def tally() -> Tally:
    return TALLY


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Processes that may die, at the cost of a fork each."""
    opened = Forks()
    yield opened
    opened.close()


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if TALLY.counts:
        terminalreporter.section("faults")
        for line in TALLY.lines():
            terminalreporter.line(line)
