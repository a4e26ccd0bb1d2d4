"""Why a list was worth less on one day than on another: parts that add up to the change.

Users of the one day are weighted until they are, cause by cause, as the users of the other day were: how much they
took, how long they had been known, how much of what they took was in no catalogue, by what kind of event. What a step
changes is the part of its cause (a sequential decomposition, as Fortin, Lemieux, Firpo, Handbook of Labor Economics 4A,
2011, by cells; the order matters, and is fixed). What is left is split by scoring again.

Shapes: U users.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lsif.evaluation.intervals import Z
from lsif.features.ragged import Array

MIX = ("volume", "users", "catalogue", "events")
"""Causes that are told by weighting users, in this order."""
AGAIN = ("model", "rules", "freshness")
"""Causes that are told by scoring again."""
REST = "rest"


@dataclass(frozen=True)
class Day:
    """What a list was worth to the users who are judged.

    Attributes:
        value: of the metric [U].
        strata: number of each user's stratum, by cause of `MIX` [U].
    """

    value: Array
    strata: dict[str, Array]


@dataclass(frozen=True)
class Again:
    """What the list would have been worth.

    Attributes:
        unruled: on the day, by the model of the day before [U].
        unmoved: on the day, by that model and the rules of then [U].
        stale: where one of the days knew less of what had just happened than the other: what that other list would have
            been worth, had it known as little; of the day where `later_is_fresher`, by the model and rules of before,
            else of the day before [U].
    """

    unruled: Array
    unmoved: Array
    stale: Array | None = None
    later_is_fresher: bool = False


def explained(before: Day, day: Day, again: Again) -> dict[str, float]:
    """How much of the change of the mean is of each cause, and of none; all together are the change."""
    mean = [float(before.value.mean())]
    for weight in weights(before, day):
        mean.append(float(weight @ before.value))
        last = weight
    found = dict(zip(MIX, np.diff(mean).tolist(), strict=True))
    end, old = float(day.value.mean()), float(again.unmoved.mean())
    found["model"] = end - float(again.unruled.mean())
    found["rules"] = float(again.unruled.mean()) - old
    if again.stale is None:
        found["freshness"] = 0.0
    elif again.later_is_fresher:
        found["freshness"] = old - float(again.stale.mean())
    else:
        found["freshness"] = float(last @ again.stale) - mean[-1]
    found[REST] = end - mean[0] - sum(found.values())
    return found


def weights(of: Day, to: Day) -> Iterator[Array]:
    """Shares of the users of one day that have the mix of another, by one cause more each time [U], sum one.

    Within what is alike so far, a kind of users that the other day had and this one lacks counts for none.
    """
    weight = np.full(len(of.value), 1 / len(of.value))
    cell, target = np.zeros(len(of.value), np.int64), np.zeros(len(to.value), np.int64)
    for cause in MIX:
        finer, finer_target = _numbered([cell, of.strata[cause]], [target, to.strata[cause]])
        wanted = np.bincount(finer_target, minlength=finer.max(initial=0) + 1)[finer].astype(np.float64)
        held = np.bincount(finer, weight)[finer]
        share = np.divide(wanted * weight, held, out=np.zeros(len(weight)), where=held > 0)
        in_cell, of_cell = np.bincount(cell, share)[cell], np.bincount(cell, weight)[cell]
        weight = np.where(in_cell > 0, share / np.where(in_cell > 0, in_cell, 1) * of_cell, weight)
        weight = weight / weight.sum()
        cell, target = finer, finer_target
        yield weight


def _numbered(one: Sequence[Array], other: Sequence[Array]) -> tuple[Array, Array]:
    """Numbers of the pairs, alike in both."""
    pairs = np.concatenate([np.stack(one, 1), np.stack(other, 1)])
    numbers = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    return numbers[: len(one[0])], numbers[len(one[0]) :]


def noise(before: Day, day: Day) -> float:
    """Half of the 95 % interval of the change of the mean, as if other users were drawn on each day."""
    return Z * float(np.sqrt(sum(of.value.var(ddof=1) / len(of.value) for of in (before, day))))
