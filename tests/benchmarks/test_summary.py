"""Means over cuts and their paired intervals, by hand and against a plain bootstrap."""

import numpy as np
import pytest

from benchmarks.quality.judging import Scored
from benchmarks.quality.summary import Panel, best_setting, mean_panel


def scored(users: list[str], values: list[float]) -> Scored:
    return Scored(users, {"ndcg@10": np.array(values)}, {})


def test_the_mean_is_of_the_cuts_and_not_of_the_rows() -> None:
    panel = Panel.of([scored(["a", "b"], [0.0, 1.0]), scored(["b"], [1.0])], "ndcg@10", ["a", "b"])
    assert panel.by_cut().tolist() == [0.5, 1.0]
    assert panel.interval(1).mean == 0.75


def test_a_constant_lead_has_no_width() -> None:
    users = [f"u{n}" for n in range(30)]
    ours = np.random.default_rng(1).random(30)
    first, second = (Panel.of([scored(users, list(v))], "ndcg@10", users) for v in (ours, ours - 0.25))
    assert first.minus(second).interval(1) == pytest.approx((0.25, 0.25, 0.25))
    assert first.interval(1).high - first.interval(1).low > 0.1


def test_the_interval_is_as_wide_as_a_bootstrap_over_users() -> None:
    draws = np.random.default_rng(2)
    values = draws.random(200)
    users = [f"u{n:03d}" for n in range(200)]
    found = Panel.of([scored(users, list(values))], "ndcg@10", users).interval(3)
    means = [values[draws.integers(0, 200, 200)].mean() for _ in range(2000)]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=0.005)


def test_seeds_are_averaged_user_by_user() -> None:
    both = mean_panel([Panel(np.array([[0.0, 1.0]])), Panel(np.array([[1.0, 1.0]]))])
    assert both.values.tolist() == [[0.5, 1.0]]


def test_the_best_setting_is_the_first_of_equals() -> None:
    low, high = [scored(["a"], [0.1])], [scored(["a"], [0.2])]
    assert best_setting({0: low, 1: high, 2: high}) == 1
