"""Bootstrap intervals: seeded, paired, and as wide as theory says."""

import numpy as np
import pytest

from lsif.evaluation.intervals import interval


def test_same_seed_same_interval() -> None:
    values = np.random.default_rng(1).random(200)
    assert interval(values, seed=5) == interval(values, seed=5)
    assert interval(values, seed=5) != interval(values, seed=6)


def test_width_is_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(2).normal(0.3, 0.2, 2000)
    mean, low, high = interval(values, seed=0)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert mean == pytest.approx(values.mean())
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)


def test_pairing_shows_a_gain_that_the_spread_of_users_would_hide() -> None:
    users = np.random.default_rng(3).random(100)
    better = users + 0.01
    assert interval(better, 0).low < users.mean() < interval(better, 0).high
    assert interval(better - users, 0).low > 0


def test_no_user_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one user"):
        interval(np.array([]), seed=0)
