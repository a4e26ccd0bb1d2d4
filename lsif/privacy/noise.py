"""Noise on counts that leave the house, by OpenDP, and the counts that one user may change by so much only.

The noise comes from the machine's own randomness and not from the seed: who knows the seed would know the counts. So a
release is made once and kept; made twice it says twice as much.
"""

from functools import cache
from typing import Any

import numpy as np

from lsif.features.ragged import Array

GROUPS = "user."
"""Begins the segments that are groups of users."""


def noisy_counts(counts: Array, epsilon: float, most: int) -> Array:
    """The counts [N] with discrete Laplace noise of the scale `most / epsilon` (Ghosh et al., 2009), int64.

    It is `epsilon`-differentially private for a user who adds one to at most `most` of them.
    """
    mechanism = _laplace(most / epsilon)
    if not mechanism.check(d_in=most, d_out=epsilon * (1 + 1e-9)):
        raise AssertionError(f"OpenDP does not vouch for epsilon {epsilon:g} with {most} counts a user")
    return np.asarray(mechanism([int(count) for count in counts]), np.int64)


def shown(segment: str, n: int | None, least: int) -> bool:
    """Whether a cell of `metrics_daily` may leave the house: one of a group of users counts `least` of them or more."""
    return not segment.startswith(GROUPS) or (n or 0) >= least


@cache
def _laplace(scale: float) -> Any:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    return dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale=scale)
