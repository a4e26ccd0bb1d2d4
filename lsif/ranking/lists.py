"""From scored candidates to lists: ways to select, of one and the same scores."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lsif.config import Interest
from lsif.features.ragged import Array, positions
from lsif.ranked_list import RankedList
from lsif.ranking.explained import by_score, centre, explained
from lsif.ranking.pool import Pool
from lsif.ranking.popular import DECIMALS
from lsif.ranking.rows import Ranked

DEPTH = 5
"""Candidates of a list for each of its rows."""

RANKS_BY: Mapping[Interest | None, Callable[[Pool], Array]] = MappingProxyType(
    {None: lambda pool: pool.now, "long": lambda pool: pool.before, "short": lambda pool: pool.now - pool.before}
)
"""What a list is ranked by: the score, or for people who ask what it would be, one of its interests alone."""


def deepest(lists: Sequence[RankedList]) -> int:
    """Candidates that every list has enough of."""
    return DEPTH * max(one.k for one in lists)


def ranked(pool: Pool, lists: Sequence[RankedList], only: Interest | None = None) -> Ranked:
    """Every list of every user, without rules: by user, list and rank."""
    best = in_order(pool, RANKS_BY[only](pool))
    return together([one_list(best, one, number) for number, one in enumerate(lists)])


def in_order(pool: Pool, score: Array) -> Pool:
    """By user and score; ties by item id."""
    return pool.take(np.lexsort((pool.order, -(score.round(DECIMALS) + 0.0), pool.row)))


def together(made: Sequence[Ranked]) -> Ranked:
    """Lists of the same users, by user, list and rank."""
    row, number = (np.concatenate([getattr(part, name) for part in made]) for name in ("row", "list"))
    order = np.lexsort((number, row))
    return Ranked(**{name: np.concatenate([getattr(part, name) for part in made])[order] for name in vars(made[0])})


def candidates_of(best: Pool, of: RankedList, depth: int | None = None) -> Pool:
    """The candidates of one list, of pairs by user and score: as many of each user as it looks at, or `depth`."""
    kind = {"all": np.ones(len(best.own), bool), "own": best.own, "new": ~best.own}[of.items]
    listed = np.flatnonzero(kind)
    return best.take(listed[positions(best.row[listed]) < (depth or DEPTH * of.k)])


def quota(own: Array, new: Array, of: RankedList) -> tuple[Array, Array]:
    """How many own and new rows users have in a list that mixes them, of so many there are [U]."""
    wanted = round((of.new_share or 0.0) * of.k)
    of_new = np.minimum(new, np.maximum(wanted, of.k - own))
    return np.minimum(own, of.k - of_new), of_new


def one_list(best: Pool, of: RankedList, number: int) -> Ranked:
    """One list without rules, of pairs by user and score."""
    pool = candidates_of(best, of)
    means = centre(pool, int(pool.row.max(initial=-1)) + 1)
    return explained(by_score(pool.take(_chosen(pool, of))), means, number)


def _chosen(pool: Pool, of: RankedList) -> Array:
    """Places of the rows of the list, by user and score."""
    if of.new_share is None:
        return np.flatnonzero(positions(pool.row) < of.k)
    users = int(pool.row.max(initial=-1)) + 1
    place = np.empty(len(pool.row), np.int64)
    for kind in (pool.own, ~pool.own):
        place[kind] = positions(pool.row[kind])
    own, new = (np.bincount(pool.row[kind], minlength=users) for kind in (pool.own, ~pool.own))
    of_own, of_new = quota(own, new, of)
    return np.flatnonzero(place < np.where(pool.own, of_own[pool.row], of_new[pool.row]))
