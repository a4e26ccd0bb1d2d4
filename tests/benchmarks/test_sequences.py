"""What a sequence model reads of a log: the newest last, and nothing of how the lines of a basket stood."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

BASKET = 50


@pytest.fixture
def given() -> Any:
    """User 0 took items 7, 7, 3 one after the other; user 1 took items 0 to 49 at once, sorted by id, then item 0."""
    lines = [(0, 7, 0), (0, 7, 1), (0, 3, 2), *((1, item, 0) for item in range(BASKET)), (1, 0, 1)]
    user, item, basket = np.array(lines, np.uint32).T
    return SimpleNamespace(users=["u", "v"], user=user, item=item, basket=basket)


def test_the_newest_stands_right_and_repeats_stay(peer: Any, given: Any) -> None:
    found = peer("sequences").last_items(given, 4, seed=1)
    assert found[0].tolist() == [-1, 7, 7, 3]
    assert found[1, -1] == 0
    assert found.shape == (2, 4)


def test_chance_orders_a_basket(peer: Any, given: Any) -> None:
    basket = peer("sequences").last_items(given, BASKET + 1, seed=1)[1, :-1]
    assert sorted(basket) == list(range(BASKET))
    assert abs(np.corrcoef(basket, np.arange(BASKET))[0, 1]) < 0.5
    assert basket.tolist() != peer("sequences").last_items(given, BASKET + 1, seed=2)[1, :-1].tolist()


def test_the_order_of_the_log_s_lines_is_not_read(peer: Any, given: Any) -> None:
    turned = SimpleNamespace(**{name: value[::-1] for name, value in vars(given).items() if name != "users"})
    turned.users = given.users
    one, other = (peer("sequences").last_items(log, 60, seed=1) for log in (given, turned))
    assert one.tolist() == other.tolist()
