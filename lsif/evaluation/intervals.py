"""Bootstrap intervals over users, seeded: the same values give the same interval for ever."""

from typing import NamedTuple

import numpy as np

from lsif.evaluation.metrics import Floats

RESAMPLES = 1000
LEVEL = 0.95


class Interval(NamedTuple):
    """A mean and where it would fall, were other users drawn; all three in the metric's own unit."""

    mean: float
    low: float
    high: float


def interval(values: Floats, seed: int, resamples: int = RESAMPLES) -> Interval:
    """Mean of `values` [U] over users with its 95 % percentile bootstrap interval.

    For a paired comparison give the differences per user: pairing is what makes a small gain visible.
    """
    if len(values) == 0:
        raise ValueError("an interval needs at least one user")
    draws = np.random.default_rng(seed)
    # One resample at a time: memory stays flat in resamples × users.
    means = [values[draws.integers(0, len(values), len(values))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(values.mean()), float(low), float(high))
