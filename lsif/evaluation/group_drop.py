"""Has a model made its lists clearly worse for some group of users?"""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtr

from lsif.evaluation.by_group import OfGroup
from lsif.evaluation.metrics import Floats

LEVEL = 0.05
LEAST = 30
"""Users of a group by whose mean it is tested."""


def fallen(groups: Sequence[OfGroup], drop: float) -> list[tuple[OfGroup, float]]:
    """Groups by how likely chance alone would bring them so low, the least likely first, with that probability.

    Each group is tested by its users' differences: is the mean of ours below 1 - drop of the rival's? One-sided, by
    Student's t of paired values, corrected for the number of groups by Holm's method.
    """
    tested = [one for one in groups if one.rival is not None and one.n >= LEAST]
    alone = np.array([_chance(one, 1 - drop) for one in tested])
    chances = holm(alone)
    return [(tested[at], float(chances[at])) for at in np.argsort(alone, kind="stable")]


def _chance(one: OfGroup, bar: float) -> float:
    assert one.rival is not None and one.rival_variance is not None and one.covariance is not None
    gap = one.value - bar * one.rival
    variance = one.variance + bar**2 * one.rival_variance - 2 * bar * one.covariance
    if variance <= 0:
        return float(gap >= 0)
    return float(stdtr(one.n - 1, gap / np.sqrt(variance / one.n)))


def holm(chances: Floats) -> Floats:
    """Probabilities corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979, p. 65): reject those
    below a level, and at most that share of the families of true hypotheses loses one, whatever their dependence."""
    order = np.argsort(chances, kind="stable")
    steps = np.maximum.accumulate(chances[order] * np.arange(len(chances), 0, -1))
    corrected = np.empty_like(chances)
    corrected[order] = np.minimum(steps, 1.0)
    return corrected
