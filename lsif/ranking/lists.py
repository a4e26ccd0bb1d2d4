"""From scored candidates to lists, and how much of each score is habit or interest of long, or of late.

Write S(x) for the score that a model gives when the user's side is x and the items' side is that of the night. With
W = `recent_days`, days of arrival,

    popularity_part = S(nobody)       long_part = S(user as known W days before) - S(nobody)
    short_part = S(user as known now) - S(user as known W days before)

They add up to the score, for any model. What lifts all candidates of a user's list alike says nothing of one of them:
the mean of each part over the candidates is booked to popularity. A share is |part| / Σ|parts|, where popularity counts
by its distance from the candidates' mean score; so adding a constant to a user's scores changes no share.

Shapes: P candidates of a chunk of users, R rows of their lists.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lsif.config import Interest, RankedList
from lsif.features.ragged import Array
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
    """Every list of every user: by user, list and rank."""
    by = RANKS_BY[only](pool).round(DECIMALS) + 0.0  # + 0.0: no negative zero
    best = pool.take(np.lexsort((pool.order, -by, pool.row)))
    made = [_one_list(best, one, number) for number, one in enumerate(lists)]
    row, number = (np.concatenate([getattr(part, name) for part in made]) for name in ("row", "list"))
    order = np.lexsort((number, row))
    return Ranked(**{name: np.concatenate([getattr(part, name) for part in made])[order] for name in vars(made[0])})


def _one_list(best: Pool, of: RankedList, number: int) -> Ranked:
    """Of candidates by user and rank."""
    listed = np.flatnonzero({"all": np.ones(len(best.own), bool), "own": best.own, "new": ~best.own}[of.items])
    pool = best.take(listed[_place(best.row[listed]) < DEPTH * of.k])
    chosen = _chosen(pool, of)
    score = pool.now.round(DECIMALS) + 0.0
    long, short, above = _parts(pool)
    rows = pool.row[chosen]
    parts = np.stack([long, short, above], axis=1)[chosen]
    return Ranked(
        list=np.full(len(rows), number),
        row=rows,
        item=pool.item[chosen],
        rank=_place(rows) + 1,
        own=pool.own[chosen],
        score=score[chosen],
        parts=np.stack([parts[:, 0], parts[:, 1], score[chosen] - parts[:, 0] - parts[:, 1]], axis=1).round(DECIMALS),
        shares=_shares(parts),
        alpha=_alpha(rows, np.abs(parts)),
        says=parts.argmax(1),
    )


def _chosen(pool: Pool, of: RankedList) -> Array:
    """Places of the rows of the list, by user and score."""
    if of.new_share is None:
        return np.flatnonzero(_place(pool.row) < of.k)
    users, wanted = int(pool.row.max(initial=-1)) + 1, round(of.new_share * of.k)
    place = np.empty(len(pool.row), np.int64)
    for kind in (pool.own, ~pool.own):
        place[kind] = _place(pool.row[kind])
    new, own = (np.bincount(pool.row[kind], minlength=users) for kind in (~pool.own, pool.own))
    of_new = np.minimum(new, np.maximum(wanted, of.k - own))
    of_own = np.minimum(own, of.k - of_new)
    return np.flatnonzero(place < np.where(pool.own, of_own[pool.row], of_new[pool.row]))


def _parts(pool: Pool) -> tuple[Array, Array, Array]:
    """long and short less their means over the user's candidates, and popularity less the mean score [P] each."""
    long, short = pool.before - pool.nobody, pool.now - pool.before
    long, short = long - _mean(pool.row, long), short - _mean(pool.row, short)
    above = pool.now - _mean(pool.row, pool.now) - long - short
    return long.round(DECIMALS), short.round(DECIMALS), above.round(DECIMALS)


def _mean(row: Array, values: Array) -> Array:
    """The mean of each user's values, at each of them [P]."""
    found: Array = (np.bincount(row, values) / np.maximum(np.bincount(row), 1))[row]
    return found


def _shares(parts: Array) -> Array:
    """|part| / Σ|parts| [R, 3]; a score of nothing at all counts as popularity."""
    sizes = np.abs(parts)
    total = sizes.sum(1, keepdims=True)
    nothing = np.array([0.0, 0.0, 1.0])
    return np.where(total > 0, sizes / np.maximum(total, 1e-300), nothing).round(DECIMALS)


def _alpha(row: Array, sizes: Array) -> Array:
    """Σ|long| / Σ(|long| + |short|) over each list, at each of its rows [R]; NaN where both are nothing."""
    long, short = (np.bincount(row, column)[row] if len(row) else column for column in sizes[:, :2].T)
    both = long + short
    return np.where(both > 0, long / np.where(both > 0, both, 1), np.nan).round(DECIMALS)


def _place(row: Array) -> Array:
    """0, 1, 2, … within each run of equal rows [N]."""
    found: Array = np.arange(len(row)) - np.searchsorted(row, row)
    return found
