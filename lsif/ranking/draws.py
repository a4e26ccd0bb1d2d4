"""Which items are explored for whom: drawn by a seed of day, list and user, each with its probability.

Items that share a capped value, or a chain of such values, are a group: a group is drawn first and then an item of it.
So no draw can break a cap by another draw, and the probability of an item at a rank is exact: one over the number of
groups, times one over the items of its group.

Shapes: U users, E items that may be explored, M draws of each user.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from lsif.features.ragged import Array
from lsif.ranking.selection import NOTHING


@dataclass(frozen=True)
class Drawn:
    """Items of each user's draws, `NOTHING` where there was none left to draw, and how likely each was [U, M]."""

    item: Array
    propensity: Array


def draws(seeds: Array, items: Array, may: Array, group: Array, count: int) -> Drawn:
    """Draw for each user `count` items of distinct groups.

    Args:
        seeds: of each user [U], uint64.
        items: numbers [E].
        may: whether each user may get each of them [U, E].
        group: number of what each is drawn together with [E].
    """
    _, member = np.unique(group, return_inverse=True)
    groups = int(member.max(initial=-1)) + 1
    sizes = np.zeros((len(seeds), groups), np.int64)
    np.add.at(sizes.T, member, may.T)
    lots = np.where(sizes > 0, _mixed(seeds[:, None], np.arange(groups)), np.uint64(2**64 - 1))
    order = np.argsort(lots, axis=1, kind="stable")[:, :count]
    found = np.full((len(seeds), count), NOTHING)
    propensity = np.full((len(seeds), count), np.nan)
    lot = np.where(may, _mixed(seeds[:, None] ^ np.uint64(1), np.arange(len(items))), np.uint64(2**64 - 1))
    for draw, chosen in enumerate(order.T):
        of_it = may & (member == chosen[:, None])
        some = of_it.any(1)
        best = np.where(of_it, lot, np.uint64(2**64 - 1)).argmin(1)
        found[some, draw] = items[best[some]]
        propensity[some, draw] = 1 / ((sizes > 0).sum(1) * of_it.sum(1))[some]
    return Drawn(found, propensity)


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
