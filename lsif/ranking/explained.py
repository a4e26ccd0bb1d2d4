"""How much of each score is habit or interest of long, or of late, what is popularity, and what rules added.

Write S(x) for the score that a model gives when the user's side is x and the items' side is that of the night. With
W = `recent_days`, days of arrival,

    popularity_part = S(nobody)       long_part = S(user as known W days before) - S(nobody)
    short_part = S(user as known now) - S(user as known W days before)       rule_part = what rules added

They add up to the score, for any model. What lifts all candidates of a user's list alike says nothing of one of them:
the mean of each part over the candidates, as they are without rules, is booked to popularity. A share is
|part| / Σ|parts|, where popularity counts by its distance from the candidates' mean score; so adding a constant to a
user's scores changes no share. What similar users say is a part of long and short, and centred like them.

Shapes: P candidates of a chunk of U users, R rows of their lists.
"""

from dataclasses import dataclass

import numpy as np

from lsif.features.ragged import Array, positions
from lsif.ranking.pool import Pool
from lsif.ranking.popular import DECIMALS
from lsif.ranking.rows import Ranked


@dataclass(frozen=True)
class Centre:
    """Means over each user's candidates [U]."""

    long: Array
    short: Array
    now: Array
    near: Array


@dataclass(frozen=True)
class Chosen:
    """Rows of one list, by user and rank.

    Attributes:
        pairs: users and items, with their scores [R].
        rank: from one [R].
        rule: what rules added to each score [R].
        placed: why a row stands where it does: its score (0), a pin (1), a draw (2), a rotation (3) [R].
        propensity: how likely that item was at that rank, NaN where nothing was drawn [R].
    """

    pairs: Pool
    rank: Array
    rule: Array
    placed: Array
    propensity: Array


def centre(candidates: Pool, users: int) -> Centre:
    """Means of long, of short, of the score itself, and of what similar users say."""
    long, short = candidates.before - candidates.nobody, candidates.now - candidates.before
    count = np.maximum(np.bincount(candidates.row, minlength=users), 1)
    parts = (long, short, candidates.now, candidates.near)
    return Centre(*(np.bincount(candidates.row, part, users) / count for part in parts))


def by_score(pairs: Pool) -> Chosen:
    """Rows that no rule has touched."""
    nothing = np.zeros(len(pairs.row))
    return Chosen(pairs, positions(pairs.row) + 1, nothing, nothing.astype(np.int64), nothing + np.nan)


def explained(chosen: Chosen, by: Centre, number: int) -> Ranked:
    """Rows of the list of that number with their parts, shares and what speaks most for them."""
    pairs, row = chosen.pairs, chosen.pairs.row
    long = pairs.before - pairs.nobody - by.long[row]
    short = pairs.now - pairs.before - by.short[row]
    above = pairs.now - by.now[row] - long - short
    parts = np.stack([long, short, above, chosen.rule], axis=1).round(DECIMALS)
    score = (pairs.now + chosen.rule).round(DECIMALS) + 0.0
    rest = score - parts[:, 0] - parts[:, 1] - parts[:, 3]
    return Ranked(
        list=np.full(len(row), number),
        row=row,
        item=pairs.item,
        rank=chosen.rank,
        own=pairs.own,
        score=score,
        parts=np.stack([parts[:, 0], parts[:, 1], rest, parts[:, 3]], axis=1).round(DECIMALS),
        near=(pairs.near - by.near[row]).round(DECIMALS) + 0.0,
        shares=_shares(parts),
        alpha=_alpha(row, np.abs(parts)),
        says=parts[:, :3].argmax(1),
        placed=chosen.placed,
        propensity=chosen.propensity,
    )


def _shares(parts: Array) -> Array:
    """|part| / Σ|parts| [R, 4]; a score of nothing at all counts as popularity."""
    sizes = np.abs(parts)
    total = sizes.sum(1, keepdims=True)
    nothing = np.array([0.0, 0.0, 1.0, 0.0])
    return np.where(total > 0, sizes / np.maximum(total, 1e-300), nothing).round(DECIMALS)


def _alpha(row: Array, sizes: Array) -> Array:
    """Σ|long| / Σ(|long| + |short|) over each list, at each of its rows [R]; NaN where both are nothing."""
    long, short = (np.bincount(row, column)[row] if len(row) else column for column in sizes[:, :2].T)
    both = long + short
    return np.where(both > 0, long / np.where(both > 0, both, 1), np.nan).round(DECIMALS)
