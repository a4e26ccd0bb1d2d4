"""Rows of a list that are placed whatever their scores: pins, and draws of what is explored or rotates.

Shapes: U users of the chunk, K ranks, V items, E items that may be explored.
"""

from dataclasses import dataclass

import numpy as np

from lsif.features.ragged import Array
from lsif.list_rules import drawn_ranks
from lsif.ranking.draws import draws
from lsif.ranking.generators import Generator
from lsif.ranking.pool import Wanted
from lsif.ranking.selection import NOTHING
from lsif.ranking.user_rules import UserRules

SCORE, PIN, DRAW, ROTATION = range(4)
"""Why a row stands where it does."""


@dataclass(frozen=True)
class Placed:
    """What is to stand at which rank, as far as it may.

    Attributes:
        item: number of the item, `NOTHING` where rows stand by score [U, K].
        why: `PIN`, `DRAW` (explored) or `ROTATION`, `SCORE` elsewhere [U, K].
        propensity: how likely a drawn item was there, NaN elsewhere [U, K].
    """

    item: Array
    why: Array
    propensity: Array

    def only(self, users: Array) -> "Placed":
        """Of some users of the chunk."""
        return Placed(self.item[users], self.why[users], self.propensity[users])

    def wanted(self) -> Wanted:
        """The pairs, whose scores are wanted whatever they are."""
        row, rank = (self.item != NOTHING).nonzero()
        return Wanted(row, self.item[row, rank])


def placed(rules: UserRules, users: Array, seeds: Array, ranks: int, by: Generator) -> Placed:
    """Pins of the day and what each user explores; what rotates is drawn when scores are known (`rotation`).

    Args:
        users: positions of the chunk's users in the block [U].
        seeds: of the chunk's users [U].
        ranks: K.
    """
    item, why = np.full((len(users), ranks), NOTHING), np.full((len(users), ranks), SCORE)
    propensity = np.full((len(users), ranks), np.nan)
    available = by.available()
    for rank, number in rules.of.pinned.items():
        if rank < ranks and available[number]:
            item[:, rank], why[:, rank] = number, PIN
    if rules.of.rules.explore:
        at = np.array(drawn_ranks(rules.of.rules, ranks, rules.of.pinned)[0], np.int64)
        drawn_from = np.flatnonzero(rules.of.explorable & available & (rules.of.closed == 0) & ~_near_pins(rules))
        may = _may_be_drawn(rules, users, drawn_from, by)
        found = draws(seeds, drawn_from, may, rules.of.alike[drawn_from], len(at))
        item[:, at[: found.item.shape[1]]], propensity[:, at[: found.item.shape[1]]] = found.item, found.propensity
        why[:, at] = np.where(item[:, at] == NOTHING, SCORE, DRAW)
    return Placed(item, why, propensity)


def _near_pins(rules: UserRules) -> Array:
    """Items that some limit would not let stand beside a pin, and the pins [V]."""
    of, pins = rules.of, list(rules.of.pinned.values())
    near = np.zeros(len(of.closed), bool)
    near[pins] = True
    return near | np.isin(of.alike, of.alike[pins])


def _may_be_drawn(rules: UserRules, users: Array, items: Array, by: Generator) -> Array:
    """Whether each user may get each item, and has not had it [U, E]."""
    may = rules.sets[rules.segment[users]][:, items]
    own = np.arange(len(users))[:, None] * by.size + items
    may &= ~np.isin(own, by.own())
    if len(rules.closed.key):
        may &= rules.closed.at(users[:, None] * by.size + items) == 0
    return may
