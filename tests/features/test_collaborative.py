"""Item factors: what is taken together stands together, whatever its popularity."""

import numpy as np
import pytest

from lsif.features import collaborative
from lsif.features.collaborative import Takings
from lsif.features.history import History
from lsif.features.ragged import Array


def taken(pairs: list[tuple[int, int]], weight: float = 1.0) -> History:
    """One purchase of every (user, item)."""
    user, item = np.array(sorted(pairs)).T
    rows = len(user)
    return History(user, item, np.ones(rows), np.full((rows, 3), weight), np.zeros(rows), np.zeros((rows, 2)))


def item_factors(rows: History, items: int, users: int, size: int) -> Array:
    takings = Takings(0)
    takings.add(rows, 0)
    return takings.factors(np.arange(items), users, size)[0]


def two_tastes(users: int = 40) -> list[tuple[int, int]]:
    """Even users take items 0 to 4, odd ones 5 to 9, each four of the five; everybody takes item 10."""
    rng, pairs = np.random.default_rng(0), []
    for user in range(users):
        own = rng.choice(5, 4, replace=False) + 5 * (user % 2)
        pairs += [(user, int(item)) for item in own] + [(user, 10)]
    return pairs


def test_items_of_one_taste_stand_together() -> None:
    factors = item_factors(taken(two_tastes(200)), 12, 200, 3)
    alike = factors @ factors.T
    first, second = slice(0, 5), slice(5, 10)
    assert alike[first, first].min() > alike[first, second].max() + 0.3
    assert alike[second, second].min() > alike[first, second].max() + 0.3
    np.testing.assert_allclose(np.linalg.norm(factors[:11], axis=1), 1, rtol=1e-5)
    assert not factors[11].any()


def test_items_of_too_few_users_have_none_and_small_logs_leave_columns_empty() -> None:
    pairs = [(user, item) for user in range(3) for item in (0, 1)] + [(0, 2), (1, 2)]
    factors = item_factors(taken(pairs), 3, 3, 8)
    assert factors.shape == (3, 8)
    assert factors[:2].any(1).all() and not factors[2].any()
    assert not factors[:, 2:].any()
    assert not item_factors(taken([(0, 0)]), 3, 1, 8).any()


def test_the_same_log_gives_the_same_factors() -> None:
    rows = taken(two_tastes())
    np.testing.assert_array_equal(item_factors(rows, 12, 40, 4), item_factors(rows, 12, 40, 4))


def test_of_many_users_evenly_spaced_ones_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = two_tastes()
    monkeypatch.setattr(collaborative, "MOST_ROWS", len(pairs) // 2)
    every_other = [(user, item) for user, item in pairs if user % 2 == 0]
    np.testing.assert_array_equal(item_factors(taken(pairs), 12, 40, 4), item_factors(taken(every_other), 12, 40, 4))
