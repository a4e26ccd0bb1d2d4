"""Intervals: by bootstrap over users, seeded, so that the same values give the same for ever; of shares; of sums."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from lsif.evaluation.metrics import Floats

RESAMPLES = 1000
LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


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


def wilson(hits: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Ends of Wilson's 95 % interval of each share hits / n, n > 0 (Wilson, JASA 22, 1927, p. 209)."""
    share, scale = hits / n, 1 + Z**2 / n
    middle = (share + Z**2 / (2 * n)) / scale
    half = Z / scale * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def of_sums(total: Floats, squares: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Ends of the 95 % interval of each mean total / n by the normal law, from sums of values and of their squares;
    NaN where n is 1."""
    mean = total / n
    with np.errstate(divide="ignore", invalid="ignore"):
        half = Z * np.sqrt(np.maximum(squares - n * mean**2, 0) / (n - 1) / n)
    return mean - half, mean + half
