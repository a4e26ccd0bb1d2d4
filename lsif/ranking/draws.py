"""Which items are drawn for whom: by a seed of day, list and user, each with its probability.

Items that share a capped value, or a chain of such values, are a group: a group is drawn first and then an item of it.
So no draw can break a cap by another draw, and the probability of an item at a rank is exact: one over the number of
groups, times one over the items of its group.

Shapes: U users, E items that may be drawn, M draws of each user.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from lsif.features.ragged import Array
from lsif.ranking.selection import NOTHING

NEVER = np.uint64(2**64 - 1)
"""The lot of what may not be drawn."""


@dataclass(frozen=True)
class Drawn:
    """Items of each user's draws, `NOTHING` where there was none left to draw, and how likely each was [U, M]."""

    item: Array
    propensity: Array


def draws(seeds: Array, items: Array, may: Array, group: Array, count: int) -> Drawn:
    """Draw for each user `count` items of distinct groups.

    Args:
        seeds: of each user [U], uint64.
        items: numbers, the same for all [E], or of each user [U, E].
        may: whether each user may get each of them [U, E].
        group: number of what each is drawn together with, as `items`.
    """
    items = np.broadcast_to(items, may.shape)
    lots = np.where(may, _mixed(seeds[:, None], np.broadcast_to(group, may.shape)), NEVER)
    of_item = np.where(may, _mixed(seeds[:, None] ^ np.uint64(1), items), NEVER)
    groups = _distinct(lots)
    found = np.full((len(seeds), count), NOTHING)
    propensity = np.full((len(seeds), count), np.nan)
    for draw in range(min(count, may.shape[1])):
        first = lots.min(1)
        together = lots == first[:, None]
        (some,) = (first < NEVER).nonzero()
        best = np.where(together, of_item, NEVER).argmin(1)
        found[some, draw] = items[some, best[some]]
        propensity[some, draw] = 1 / (groups * together.sum(1))[some]
        lots[together] = NEVER
    return Drawn(found, propensity)


def _distinct(lots: Array) -> Array:
    """How many lots each user has that may be drawn [U]."""
    ordered = np.sort(lots, axis=1)
    is_new = np.diff(ordered, axis=1, prepend=NEVER) != 0
    found: Array = (is_new & (ordered < NEVER)).sum(1)
    return found


def seed_of(*words: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:8], "little"))


def _mixed(seed: Array, number: Array) -> Array:
    """Numbers that look drawn, of seeds and numbers (SplitMix64, Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        mixed = seed + (number.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found: Array = mixed ^ (mixed >> np.uint64(31))
    return found
