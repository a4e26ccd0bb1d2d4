"""Chunks side by side: in order, few at a time, and torch's threads as they were."""

from collections.abc import Iterator

import pytest
import torch

from lsif.ranking.threads import in_turn


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_order_and_each_from_one_thread() -> None:
    found = list(in_turn(lambda number: (number, torch.get_num_threads()), range(50)))
    assert found == [(number, 1) for number in range(50)]
    assert torch.get_num_threads() == 2


def test_few_tasks_are_begun_before_their_results_are_taken() -> None:
    begun: list[int] = []
    results = in_turn(lambda number: number, (begun.append(number) or number for number in range(50)))
    for taken in range(3):
        assert next(results) == taken
    assert len(begun) <= 3 + 2


def test_an_error_reaches_who_asks_and_threads_are_given_back() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_turn(lambda number: 1 // number, [2, 1, 0, 3]))
    assert torch.get_num_threads() == 2
