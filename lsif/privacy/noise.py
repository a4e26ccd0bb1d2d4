"""Noise on counts that leave the house, by OpenDP, and the counts that one user may change by so much only.

The noise comes from the machine's own randomness and not from the seed: who knows the seed would know the counts. So a
release is made once and kept; made twice it says twice as much.
"""

import math
from collections.abc import Mapping
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


def noisy_groups(counts: Mapping[str, int], epsilon: float, delta: float, most: int) -> dict[str, int]:
    """The counts with discrete Laplace noise of the scale `most / epsilon`, of those groups that reach `threshold`.

    It is `(epsilon, delta)`-differentially private for a user who adds one to at most `most` groups, names of groups
    included: that any of those shows in which the user is alone has a chance of `delta` at most (Desfontaines et al.,
    2022).
    """
    mechanism = _laplace_threshold(most / epsilon, threshold(epsilon, delta, most))
    if not mechanism.check(d_in=(most, most, 1), d_out=(epsilon * (1 + 1e-9), delta)):
        raise AssertionError(f"OpenDP does not vouch for epsilon {epsilon:g} and delta {delta:g}, {most} groups a user")
    found: dict[str, int] = mechanism(dict(counts)) if counts else {}
    return dict(sorted(found.items()))


def threshold(epsilon: float, delta: float, most: int) -> int:
    """The least noisy count that is shown: noise lifts a group of one user there with a chance of `delta / most`.

    Discrete Laplace noise of the scale s is k or more with a chance of exp(-k / s) / (1 + exp(-1 / s)).
    """
    scale = most / epsilon
    return 1 + math.ceil(scale * math.log(most / (delta * (1 + math.exp(-1 / scale)))))


def margin(epsilon: float, most: int, chance: float = 0.05) -> float:
    """What noise of that scale stays below, to either side, but for `chance`."""
    return most / epsilon * math.log(1 / chance)


def shown(segment: str, n: int | None, least: int) -> bool:
    """Whether the page has a cell of `metrics_daily`: one of a group of users counts `least` of them or more."""
    return not segment.startswith(GROUPS) or (n or 0) >= least


@cache
def _laplace(scale: float) -> Any:
    dp = _opendp()
    return dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale=scale)


@cache
def _laplace_threshold(scale: float, least: int) -> Any:
    dp = _opendp()
    groups = dp.map_domain(dp.atom_domain(T="String"), dp.atom_domain(T="i64"))
    distance = dp.l01inf_distance(dp.absolute_distance(T="i64"))
    return dp.m.make_laplace_threshold(groups, distance, scale=scale, threshold=least)


def _opendp() -> Any:
    import opendp.prelude as dp  # takes a second, and most runs release nothing

    dp.enable_features("contrib")
    return dp
