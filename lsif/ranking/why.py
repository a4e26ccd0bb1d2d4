"""The way of one item through the lists of one user, by the same functions as the night's.

A list's candidates are counted as they would be without rules and as rules leave them, all of them and not only as many
as a list needs.
"""

from dataclasses import dataclass

import numpy as np

from lsif.ranking.chosen import selected
from lsif.ranking.generators import Generator
from lsif.ranking.hits import Hits
from lsif.ranking.judged import FILTERS, Asked, Judged, judged
from lsif.ranking.lists import candidates_of, in_order
from lsif.ranking.ruled import ruled


@dataclass(frozen=True)
class Way:
    """What became of an item in one list.

    Attributes:
        own: whether the user has had it.
        place, of: among the list's candidates without rules, from one, and how many those are; None where it is not one
            of them: the list is of own or of new items, or the item may not be recommended at all.
        score: of the model, of the row, or what it would be.
        rule: what rules add to it.
        closed: the filter that keeps it out.
        place_by_rules: among the candidates that no filter keeps out, by the score with `rule`.
        limit: what does not let it stand beside the rows of the list.
        last: the score of the list's last row.
        rank: in the list.
    """

    name: str
    own: bool
    place: int | None = None
    of: int = 0
    score: float | None = None
    rule: float = 0.0
    closed: str | None = None
    place_by_rules: int | None = None
    limit: str | None = None
    last: float | None = None
    rank: int | None = None


def way(asked: Asked, item: int, by: Generator) -> Way:
    """Of an item (its number) in one list of a chunk of one user."""
    own = bool(np.isin(item, by.own()))
    all_pairs = by.pool(np.zeros(1, np.int64), by.size, None, np.zeros(0), asked.placed.wanted())
    best = in_order(all_pairs, all_pairs.now)
    of = judged(asked, best, by.size, by.size, boosted=False)
    rows = ruled(asked, best, by.size, by, Hits())
    last = float(rows.score[-1]) if len(rows.score) else None
    found = np.flatnonzero(of.pairs.item == item)
    if not len(found):
        return Way(asked.rules.of.name, own, of=len(of.score), last=last)
    (at,) = found
    plain = candidates_of(best, asked.of, by.size)
    open_to = np.flatnonzero(of.closed == 0)
    there = rows.item == item
    return Way(
        name=asked.rules.of.name,
        own=own,
        place=int(np.flatnonzero(plain.item == item)[0]) + 1,
        of=len(plain.item),
        score=float(of.pairs.now[at]),
        rule=float(of.rule[at]),
        closed=FILTERS[of.closed[at] - 1] if of.closed[at] else None,
        place_by_rules=int(np.flatnonzero(open_to == at)[0]) + 1 if not of.closed[at] else None,
        limit=None if there.any() or of.closed[at] else _limit(asked, of, int(at)),
        last=last,
        rank=int(rows.rank[there][0]) if there.any() else None,
    )


def _limit(asked: Asked, of: Judged, at: int) -> str | None:
    """The first limit that does not let a pair stand at the end of the list."""
    (made,) = selected(asked, of, np.zeros(1, np.int64))
    forbidden = made.selection.forbidden[0][made.pair[0] == at]
    return made.limits[forbidden[0] - 1] if forbidden[0] else None
