"""Select: rows of a list from judged pairs, as many users at once as fit.

Shapes: U users, C candidates of each, K ranks, T width of text vectors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lsif.features.ragged import Array, positions, slices, starts
from lsif.ranking.explained import Chosen
from lsif.ranking.judged import Asked, Judged
from lsif.ranking.limits import floors_of, limits_of, unlike_of
from lsif.ranking.lists import quota
from lsif.ranking.placing import SCORE, Placed
from lsif.ranking.rotation import rotated
from lsif.ranking.selection import NOTHING, Quota, Selection, select

CELLS = 2**22
"""Users times candidates (times width of their vectors) of what is looked at together."""


@dataclass(frozen=True)
class Selected:
    """Lists of some users.

    Attributes:
        users: positions in the chunk [U].
        pair: number of the judged pair of each candidate, `NOTHING` past the last [U, C].
        selection: the rows; a place is one of C.
        placed: what was to stand whatever its score, with what rotates.
        reaches: whether nothing outside of the pool could have been a row [U].
        limits: names of the limits, in the order of `selection.forbidden`.
    """

    users: Array
    pair: Array
    selection: Selection
    placed: Placed
    reaches: Array
    limits: tuple[str, ...]

    def rows(self, of: Judged) -> Chosen:
        """The rows of users for whom the pool reaches."""
        places = np.where(self.reaches[:, None], self.selection.rows, NOTHING)
        user, rank = (places != NOTHING).nonzero()
        pair = self.pair[user, places[user, rank]]
        pairs = of.pairs.take(pair)
        same = self.placed.item[user] == pairs.item[:, None]  # wherever it stands now
        there, at = same.any(1), same.argmax(1)
        return Chosen(
            pairs,
            rank + 1,
            of.rule[pair],
            np.where(there, self.placed.why[user, at], SCORE),
            np.where(there, self.placed.propensity[user, at], np.nan),
        )


def selected(asked: Asked, of: Judged, users: Array) -> Iterator[Selected]:
    """Lists of users (positions in the chunk, ascending) from what was judged of them."""
    start = starts(of.pairs.row, len(asked.users))
    widest = int((start[users + 1] - start[users]).max(initial=1))
    width = 1 if asked.rules.of.vectors is None else asked.rules.of.vectors.shape[1]
    size = max(CELLS // (max(widest, 1) * width), 1)
    for first in range(0, len(users), size):
        yield _selected(asked, of, users[first : first + size], start)


def _selected(asked: Asked, of: Judged, users: Array, start: Array) -> Selected:
    flat, owner = slices(start, users)
    pair = np.full((len(users), max(int(np.bincount(owner).max(initial=0)), 1)), NOTHING)
    pair[owner, positions(owner)] = flat
    there = pair != NOTHING
    there[there] = of.closed[pair[there]] == 0
    score = np.where(there, of.score[pair] if len(of.score) else -np.inf, -np.inf)
    item = np.where(pair != NOTHING, of.pairs.item[pair] if len(of.score) else NOTHING, NOTHING)
    rules, k = asked.rules.of, asked.of.k
    limits, unlike = limits_of(rules, item, k), unlike_of(rules, item, k)
    own = np.where(there, of.pairs.own[pair] if len(of.score) else False, False)
    placed, drawn_down_to = rotated(asked, users, item, score)
    fixed = _fixed(placed, item, there)
    selection = select(score, limits, fixed, unlike, _quota(asked, own, there), floors_of(rules, item, k))
    least = np.minimum(selection.lowest - (unlike.cost if unlike else 0.0), drawn_down_to)
    bound = of.bound[users]  # at a tie with it, what is outside may have the lower id
    reaches = (least > bound) | np.isneginf(bound)
    return Selected(users, pair, selection, placed, reaches, tuple(limit.name for limit in limits))


def _fixed(placed: Placed, item: Array, there: Array) -> Array:
    """Place of each placed item among the candidates, where a filter lets it stand [U, K]."""
    fixed = np.full(placed.item.shape, NOTHING)
    for rank, wanted in enumerate(placed.item.T):
        same = (item == wanted[:, None]) & there & (wanted != NOTHING)[:, None]
        fixed[:, rank] = np.where(same.any(1), same.argmax(1), NOTHING)
    return fixed


def _quota(asked: Asked, own: Array, there: Array) -> Quota | None:
    if asked.of.new_share is None:
        return None
    most = np.stack(quota(own.sum(1), (there & ~own).sum(1), asked.of), axis=1)
    return Quota(own, most[:, ::-1])
