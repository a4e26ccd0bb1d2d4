"""Which items are taken together more often than chance would have it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy.special import rel_entr

from lsif.features.ragged import Array, positions, slices, starts
from lsif.item_lists.baskets import Baskets
from lsif.item_lists.near import Nearest, Others
from lsif.ranking.popular import DECIMALS
from lsif.ranking.selection import NOTHING

LEAST = 2.0
"""Standard deviations above chance that a pair must be to be listed."""


def association(both: Array, first: Array, second: Array, of: int) -> Array:
    """The signed root of the log-likelihood ratio of two items that lie in one basket (Dunning, 1993).

    About how many standard deviations the count is above what it would be by chance; below it negative. Popular items
    are together often and little above chance, and a handful of baskets is never far above it.

    Args:
        both: baskets that hold both items [P].
        first, second: baskets that hold each [P].
        of: all baskets.
    """
    seen = np.stack([both, first - both, second - both, of - first - second + both]).astype(np.float64)
    chance = np.stack([first * second, first * (of - second), (of - first) * second, (of - first) * (of - second)])
    ratio = 2.0 * rel_entr(seen, chance / max(of, 1)).sum(0)
    found: Array = np.sign(both * of - first * second) * np.sqrt(np.maximum(ratio, 0.0))
    return found


@dataclass(frozen=True)
class Together:
    """`association` of the baskets of the last days."""

    of: Baskets
    others: Others

    def nearest(self, items: Array, depth: int) -> Nearest:
        pairs = self._pairs
        flat, owner = slices(pairs.start, items)
        place = positions(owner)
        kept = place < depth
        item, score = (np.full((len(items), depth), nothing) for nothing in (NOTHING, -np.inf))
        cell = owner[kept], place[kept]
        item[cell], score[cell] = pairs.other[flat[kept]], pairs.score[flat[kept]]
        more = pairs.start[items + 1] - pairs.start[items] > depth
        return Nearest(item, score, np.where(more, score[:, -1], -np.inf))

    def told(self, item: Array, other: Array) -> dict[str, pa.Array]:
        """How many baskets hold both, and of how many users."""
        of, size = self.of, len(self.of.alone)
        place = np.searchsorted(self._keys, np.minimum(item, other) * size + np.maximum(item, other))
        return {"baskets": pa.array(of.baskets[place]), "users": pa.array(of.users[place])}

    @cached_property
    def _keys(self) -> Array:
        """Of the pairs, ascending."""
        found: Array = self.of.item * len(self.of.alone) + self.of.other
        return found

    @cached_property
    def _pairs(self) -> "_Pairs":
        of, size = self.of, len(self.of.alone)
        score = association(of.baskets, of.alone[of.item], of.alone[of.other], of.all).round(DECIMALS)
        real = score >= LEAST
        one, two = of.item[real], of.other[real]
        item, other, score = np.concatenate([one, two]), np.concatenate([two, one]), np.tile(score[real], 2)
        may = self.others.open[other]
        item, other = item[may], other[may]
        score = (score[may] + self.others.boost[other]).round(DECIMALS)
        order = np.lexsort((other, -score, item))
        return _Pairs(starts(item[order], size), other[order], score[order])


@dataclass(frozen=True)
class _Pairs:
    """Pairs by item, the highest score first; item `i` owns `start[i]:start[i + 1]`."""

    start: Array
    other: Array
    score: Array
