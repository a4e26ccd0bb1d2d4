"""Which items are alike: an exact search, some items at a time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from lsif.features.ragged import Array
from lsif.item_lists.near import UNITS, Nearest, Others, best
from lsif.item_lists.signals import Signals
from lsif.ranking.popular import DECIMALS


@dataclass(frozen=True)
class Similar:
    """The mean of the cosines of what is known of an item, of text, attributes and factors: each counts alike
    (CombSUM of Fox and Shaw, 1994, of numbers that share their range).

    What another item lacks counts nought, as between two items that have nothing to do with each other. So an item
    that nobody has taken stands beside those of like words and attributes, and one that many take beside what is alike
    in everything. What is no nearer than nought is not listed.
    """

    of: Signals
    others: Others

    def nearest(self, items: Array, depth: int) -> Nearest:
        score = self._dense[items] @ self._dense.T
        score += (self.of.attributes[items] @ self.of.attributes.T).toarray()
        score *= (UNITS / np.maximum(self._known[items], 1))[:, None]
        np.rint(score, out=score)
        score[np.arange(len(items)), items] = 0
        score[:, ~self.others.open] = 0
        np.putmask(score, score <= 0, -np.inf)
        score += np.rint(self.others.boost * UNITS)
        return best(score, depth)

    def told(self, item: Array, other: Array) -> dict[str, pa.Array]:
        """The three cosines, null where one of the two lacks what they are of."""
        views = {"text": self.of.text, "factors": self.of.factors}
        cosines = {name: np.einsum("nd,nd->n", of[item], of[other]) for name, of in views.items()}
        alike = self.of.attributes[item].multiply(self.of.attributes[other])
        cosines["attributes"] = np.asarray(alike.sum(1)).ravel()
        return {
            name: pa.array(value.round(DECIMALS) + 0.0, mask=~(self._has[name][item] & self._has[name][other]))
            for name, value in cosines.items()
        }

    @cached_property
    def _dense(self) -> Array:
        return np.concatenate([self.of.text, self.of.factors], axis=1)

    @cached_property
    def _has(self) -> dict[str, Array]:
        """Which items each of the three says something of [V]."""
        return {
            "text": self.of.text.any(1),
            "attributes": np.diff(self.of.attributes.indptr) > 0,
            "factors": self.of.factors.any(1),
        }

    @cached_property
    def _known(self) -> Array:
        return np.sum(list(self._has.values()), axis=0)
