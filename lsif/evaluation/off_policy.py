"""What other lists would have earned on rows that were shown, from the probabilities by which those were drawn.

The click model: whether a row is taken depends on user, item and rank, and not on the other rows of its list. Then a
shown row speaks for other lists as far as they would show the same item at the same rank: by its weight, which is the
probability of that under theirs over the one by which it was drawn (item-position estimator: Li, Abbasi-Yadkori,
Kveton, Muthukrishnan, Vinay, Wen, 2018). A row that nothing was drawn for was there with probability one.

Shapes: N shown rows.
"""

from dataclasses import dataclass

import numpy as np

from lsif.errors import LsifError
from lsif.evaluation.intervals import Z
from lsif.features.ragged import Array

FEWEST = 100.0
"""Rows that the weighted ones have to be worth, below which nothing is said."""
OVERLAP = 0.9
"""Share of the other lists' rows that may have been shown, as far as the mean weight tells: of less nothing is said."""


@dataclass(frozen=True)
class Shown:
    """Rows that were shown.

    Attributes:
        user: number of the user [N].
        rank: from one [N].
        logged: marginal probability of the item at the rank when it was shown, above 0 [N].
        target: probability of that item at that rank, for that user, under the other lists [N].
        reward: what came of it, 1 for a click [N].
    """

    user: Array
    rank: Array
    logged: Array
    target: Array
    reward: Array


@dataclass(frozen=True)
class Estimate:
    """What a row of the other lists would have earned.

    Attributes:
        value, low, high: mean reward of a row, and its 95 % interval over users.
        effective: how many unweighted rows tell as much (Kish, 1965).
        overlap: mean weight; 1 where everything that the other lists show was shown.
    """

    value: float
    low: float
    high: float
    effective: float
    overlap: float


def self_normalised(shown: Shown) -> Estimate:
    """Weighted mean reward at each rank, ranks as often as they were shown (Swaminathan, Joachims, 2015).

    Ranks at which nothing of the other lists was shown are left out.

    Raises:
        LsifError: too little of the other lists was shown to say anything.
    """
    weight, rank = _weights(shown), shown.rank
    total, count = np.bincount(rank, weight), np.bincount(rank)
    by_rank = np.bincount(rank, weight * shown.reward) / np.where(total > 0, total, 1)
    told = np.where(total > 0, count, 0)
    value = float(told @ by_rank) / max(int(told.sum()), 1)
    scale = len(rank) / max(int(told.sum()), 1) * count / np.where(total > 0, total, np.inf)
    return _estimate(shown, weight, value, weight * (shown.reward - by_rank[rank]) * scale[rank])


def doubly_robust(shown: Shown, expected: Array, expected_of_target: Array) -> Estimate:
    """What a model of the reward expects of the other lists, and by its errors on what was shown (Dudík et al., 2011).

    True where either the probabilities are or the model is; the model must not have seen the rewards it is judged on.

    Args:
        expected: the model's reward of the shown item at its rank [N].
        expected_of_target: its reward of what the other lists have there, over their probabilities [N].

    Raises:
        LsifError: too little of the other lists was shown to say anything.
    """
    weight = _weights(shown)
    each = expected_of_target + weight * (shown.reward - expected)
    value = float(each.mean())
    return _estimate(shown, weight, value, each - value)


def _weights(shown: Shown) -> Array:
    if not (shown.logged > 0).all():
        raise ValueError("a row that was shown had a probability")
    return shown.target / shown.logged


def _estimate(shown: Shown, weight: Array, value: float, missed: Array) -> Estimate:
    """
    Args:
        missed: by how much each row misses the value, weighted; users are drawn, their rows are not [N].
    """
    effective = float(weight.sum() ** 2 / max((weight**2).sum(), 1e-300))
    overlap = float(weight.mean())
    if effective < FEWEST:
        raise LsifError(f"what was shown is worth {effective:.0f} rows of the other lists: {FEWEST:.0f} are wanted")
    if overlap + Z * float(weight.std()) / len(weight) ** 0.5 < OVERLAP:
        raise LsifError(f"{1 - overlap:.0%} of what the other lists show was shown to nobody: explore more, or wait")
    by_user = np.bincount(np.unique(shown.user, return_inverse=True)[1], missed)
    error = Z * float(np.sqrt((by_user**2).sum())) / len(weight)
    return Estimate(value, value - error, value + error, effective, overlap)
