"""Where candidates of a chunk of users come from: what the model makes of them, or what is popular.

Shapes: U users of the chunk, V items, D depth.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from lsif.features.ragged import Array
from lsif.ranking.candidates import Catalogue, catalogue, cut
from lsif.ranking.parts import Side
from lsif.ranking.pool import Pool, Wanted, own_keys, pool


class Generator(Protocol):
    """Proposes candidates: all of the `depth` best own and of the `depth` best new items of each user."""

    @property
    def size(self) -> int:
        """V."""
        ...

    def own(self) -> Array:
        """Position of the user * V + item of all that users of the chunk have had, ascending."""
        ...

    def available(self) -> Array:
        """Whether an item may be recommended at all [V]."""
        ...

    def pool(self, users: Array, depth: int, open_items: Array | None, boost: Array, also: Wanted) -> Pool:
        """Candidates of some users of the chunk; `row` counts among those.

        Args:
            open_items: what is searched, or None for all that is available [V].
            boost: what is added to scores in the search, and in the search alone [V].
        """
        ...


_NONE, _NOUGHT = np.zeros(0, np.int64), np.zeros(0)
NO_PAIRS = Pool(_NONE, _NONE, _NONE, np.zeros(0, bool), _NOUGHT, _NOUGHT, _NOUGHT, _NOUGHT)


@dataclass(frozen=True)
class FusionGenerator:
    """Candidates by what the model makes of users, as known now and `recent_days` before.

    Attributes:
        items: all that may be recommended, as they score.
        nobody: every item's score for a user of whom nothing is known [V].
    """

    now: Side
    before: Side
    items: Catalogue
    nobody: Array

    @property
    def size(self) -> int:
        return len(self.items.order)

    def own(self) -> Array:
        return np.sort(own_keys(self.now.batch, self.size))

    def available(self) -> Array:
        return np.isfinite(self.items.items.bias.numpy())

    def pool(self, users: Array, depth: int, open_items: Array | None, boost: Array, also: Wanted) -> Pool:
        now, before = (_only(side, users) for side in (self.now, self.before))
        searched = self.items
        if open_items is not None:
            items = self.items.items
            bias = torch.where(torch.from_numpy(open_items), items.bias + torch.from_numpy(boost), -torch.inf)
            searched = catalogue(replace(items, bias=bias), self.items.order)
        return pool(now, before, searched, self.nobody, depth, self.items.items, also)


@dataclass(frozen=True)
class PopularGenerator:
    """The same candidates for all: what is popular [V], ids ascending."""

    score: Array
    users: int

    @property
    def size(self) -> int:
        return len(self.score)

    def own(self) -> Array:
        return np.zeros(0, np.int64)

    def available(self) -> Array:
        return np.ones(self.size, bool)

    def pool(self, users: Array, depth: int, open_items: Array | None, boost: Array, also: Wanted) -> Pool:
        searched = self.score if open_items is None else np.where(open_items, self.score + boost, -np.inf)
        best = np.argsort(-searched, kind="stable")[:depth]
        best = best[searched[best] > -np.inf]
        keys = np.concatenate(
            [np.arange(len(users))[:, None] * self.size + best, also.row * self.size + also.item], None
        )
        row, item = np.divmod(np.unique(keys), self.size)
        score = self.score[item]
        return Pool(row, item, item, np.zeros(len(row), bool), score, score, score, np.zeros(len(row)))


def _only(side: Side, users: Array) -> Side:
    if len(users) == len(side.batch):
        return side
    chosen = torch.from_numpy(users)
    return Side(cut(side.batch, chosen), cut(side.interests, chosen))
