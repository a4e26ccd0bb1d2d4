"""Where the takers of an item stand among the item factors, against numbers worked out by hand."""

import numpy as np
import pytest
from scipy import sparse

from lsif.features import takers as module
from lsif.features.ragged import Array
from lsif.features.takers import DAYS, DOUBT, HALF_LIFE, takers

FACTORS = np.array([[1, 0], [0, 1], [0.6, 0.8], [0, 0]], np.float32)
"""The last item is too new to have one."""


def made(rows: list[tuple[int, int, float, int]], factors: Array = FACTORS) -> Array:
    """Vectors [V, K] from rows of user, item, log(1 + weight) and age."""
    user, item, weight, age = (np.array(column) for column in zip(*rows, strict=True))
    taken = sparse.csr_matrix((weight.astype(np.float64), (user, item)), shape=(int(user.max()) + 1, len(factors)))
    found: Array = takers(taken, user, item, age.astype(np.float64), factors)
    return found


def test_a_new_item_stands_where_its_takers_do() -> None:
    found = made([(0, 0, 1.0, 30), (0, 3, 1.0, 0), (1, 1, 2.0, 30), (1, 3, 1.0, 2)])
    faded = 2 ** (-2 / HALF_LIFE)
    length, count = np.hypot(1, faded), 1 + faded
    assert found[3] == pytest.approx(np.array([1, faded]) / length * count / (count + DOUBT), rel=1e-5)
    assert not found[:3].any(), "taken long ago"


def test_a_taker_stands_where_all_else_does_that_he_or_she_took() -> None:
    found = made([(0, 0, 1.0, 0), (0, 1, 3.0, 30)])
    assert found[0] == pytest.approx(np.array([0, 1]) / (1 + DOUBT))


def test_of_a_user_who_took_nothing_else_nothing_is_known() -> None:
    assert not made([(0, 0, 1.0, 0), (1, 1, 1.0, DAYS - 1)]).any()


def test_a_week_is_seven_days() -> None:
    rows = [(0, 0, 1.0, 40), (0, 3, 1.0, DAYS)]
    assert not made(rows).any()
    assert made([rows[0], (0, 3, 1.0, DAYS - 1)])[3].any()


def test_how_many_are_looked_at_at_once_changes_nothing_but_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    pairs = np.unique(rng.integers(0, [50, 20], (400, 2)), axis=0)
    rows = [(int(u), int(i), float(rng.random()), int(rng.integers(0, 10))) for u, i in pairs]
    factors = rng.standard_normal((20, 5)).astype(np.float32)
    factors /= np.linalg.norm(factors, axis=1, keepdims=True)
    whole = made(rows, factors)
    monkeypatch.setattr(module, "ROWS", 7)
    np.testing.assert_allclose(made(rows, factors), whole, atol=1e-6)
    assert np.linalg.norm(whole, axis=1).max() < 1
