"""Intervals that hold on every day: nothing is found where there is nothing, and what is there is found."""

from typing import Any

import numpy as np
import pytest

from lsif.evaluation.sequences import ALPHA, FEWEST, Known, Sums, gain, rate, width

DAYS = 30


def looks(seed: int, users: int = 400, change: float = 0.0, spread: float = 2.0, ctr: float = 0.1) -> Known:
    """The gain on each of thirty days of an experiment in which users come back, each with a rate of their own."""
    draws = np.random.default_rng(seed)
    ours = draws.random(users) < 0.5
    own = draws.beta(ctr * spread, (1 - ctr) * spread, users) * np.where(ours, 1 + change, 1)
    shown = draws.poisson(draws.gamma(2, 1.5, users)[:, None], (users, DAYS))
    clicks = draws.binomial(shown, np.clip(own, 0, 1)[:, None])
    x, y = shown.cumsum(1).astype(float), clicks.cumsum(1).astype(float)
    return gain(sums(x[ours], y[ours]), sums(x[~ours], y[~ours]))


def sums(x: Any, y: Any) -> Sums:
    """Of users [U] or [U, days]."""
    return Sums((x > 0).sum(0).astype(float), x.sum(0), y.sum(0), (x * x).sum(0), (x * y).sum(0), (y * y).sum(0))


def crossed(found: Known) -> Any:
    return (found.low > 0) | (found.high < 0)


@pytest.mark.parametrize("spread", [2.0, 1e6], ids=["users differ", "users are alike"])
def test_who_looks_every_day_is_wrong_at_most_one_time_in_twenty(spread: float) -> None:
    experiments = 250
    wrong = sum(bool(crossed(looks(seed, spread=spread)).any()) for seed in range(experiments))
    assert wrong <= ALPHA * experiments


def test_looking_every_day_at_the_usual_interval_is_wrong_far_more_often() -> None:
    """What the sequence is for."""
    wrong = 0
    for seed in range(100):
        found = looks(seed, spread=1e6)
        half = (found.high - found.low) / 2
        with np.errstate(invalid="ignore"):
            wrong += bool((abs(found.value) > half * 1.96 / 3.0).any())
    assert wrong > 15


def test_a_planted_change_is_found_and_on_the_right_side() -> None:
    for change in (0.3, -0.3):
        found = [looks(seed, users=2000, change=change, spread=30) for seed in range(20)]
        assert sum(bool(crossed(one)[-1]) for one in found) >= 19
        assert all(np.sign(one.value[-1]) == np.sign(change) for one in found)


def test_the_error_is_that_of_users_and_not_of_rows() -> None:
    draws = np.random.default_rng(3)
    x = draws.poisson(20, 500).astype(float) + 1
    y = draws.binomial(x.astype(int), draws.beta(0.2, 1.8, 500)).astype(float)
    found = rate(sums(x, y))
    error = (found.high - found.value) / width(x.sum())
    resampled = [(y[at].sum() / x[at].sum()) for at in draws.integers(0, 500, (2000, 500))]
    assert error == pytest.approx(np.std(resampled), rel=0.1)
    of_rows = np.sqrt(found.value * (1 - found.value) / x.sum())
    assert error > 2.5 * of_rows


def test_of_few_there_is_no_interval() -> None:
    few, many = np.ones(FEWEST - 1), np.ones(10 * FEWEST)
    assert np.isnan(rate(sums(few, few)).low) and np.isnan(gain(sums(many, many), sums(few, few)).high)
    assert np.isnan(gain(sums(many, 0 * many), sums(many, 0 * many)).high), "nothing happened yet"
    one_hit = np.where(np.arange(len(many)) < 2 * FEWEST, 1.0, 0.0)
    found = gain(sums(many, 0 * many), sums(many, one_hit))
    assert found.value < found.high < 0, "also where a variant has no outcome at all"
