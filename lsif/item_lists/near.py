"""The items nearest to an item, by whatever measures it, as lists are made of them.

Shapes: V items, B some of them, C the nearest of each.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from lsif.features.ragged import Array
from lsif.ranking.popular import DECIMALS
from lsif.ranking.selection import NOTHING

UNITS = 10**DECIMALS
"""Of a score of one. Scores are searched as whole numbers of them, so that equal ones are equal on every machine."""


@dataclass(frozen=True)
class Others:
    """What may stand beside an item.

    Attributes:
        open: whether an item may be listed [V].
        boost: what rules add to its score [V].
    """

    open: Array
    boost: Array


@dataclass(frozen=True)
class Nearest:
    """The nearest items of some, nearest first, ties by number.

    Attributes:
        item: their numbers, `NOTHING` past the last [B, C].
        score: with what rules add, -inf past the last [B, C].
        bound: the most that an item which is not among them can have; -inf where there is none [B].
    """

    item: Array
    score: Array
    bound: Array


class Near(Protocol):
    """One measure."""

    def nearest(self, items: Array, depth: int) -> Nearest:
        """Of some items, the `depth` nearest that may be listed."""

    def told(self, item: Array, other: Array) -> dict[str, pa.Array]:
        """What a row says of pairs of an item and one of its nearest [N], by column."""


def best(score: Array, depth: int) -> Nearest:
    """The `depth` greatest of each row.

    Args:
        score: whole `UNITS`, -inf is nothing [B, V].
    """
    items = score.shape[1]
    key = score * items  # one number for score and place, so that a search breaks ties; exact below 2^53
    key -= np.arange(items)
    np.negative(key, out=key)
    if depth < items:
        found = np.argpartition(key, depth - 1, axis=1)[:, :depth]
    else:
        found = np.broadcast_to(np.arange(items), score.shape)
    order = np.argsort(np.take_along_axis(key, found, 1), axis=1, kind="stable")
    found = np.take_along_axis(found, order, 1)
    of = np.take_along_axis(score, found, 1) / UNITS
    bound = of[:, -1] if depth < items else np.full(len(of), -np.inf)
    return Nearest(np.where(of > -np.inf, found, NOTHING), of, bound)
