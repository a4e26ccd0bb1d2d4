"""A list by its rules: generate → filter → score → select, and deeper where too little was left to select from.

The first pool is what lists without rules are made of; the means of parts, and what rules kept out, are of it. Users
for whom it does not reach get a deeper one, in which the list's closed items are not even looked for. A pool reaches
when nothing outside of it can have the least score by which a rank was filled.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lsif.features.ragged import Array, positions
from lsif.ranking.chosen import selected
from lsif.ranking.explained import Chosen, centre, explained
from lsif.ranking.generators import NO_PAIRS, Generator
from lsif.ranking.hits import Hits
from lsif.ranking.judged import Asked, Judged, joined, judged
from lsif.ranking.kept import Kept
from lsif.ranking.lists import candidates_of
from lsif.ranking.pool import NO_WISHES, Pool, merged
from lsif.ranking.rows import Ranked

DEEPER = 4
"""How much deeper the next pool is than one that did not reach."""


def ruled(asked: Asked, best: Pool, depth: int, by: Generator, hits: Hits) -> Ranked:
    """The list of every user of a chunk.

    Args:
        best: the pool of all lists, `depth` deep, with what is placed, by user and score.
    """
    unruled = candidates_of(best, asked.of)
    first = unruled.take(np.flatnonzero(positions(unruled.row) < asked.of.k))
    kept = Kept(hits, asked, first, by.size)
    chosen = _joined([*_chosen(asked, _with_floors(asked, best, np.arange(len(asked.users)), by), depth, by, kept)])
    kept.rows(chosen)
    return explained(chosen, centre(unruled, len(asked.users)), asked.number)


def _chosen(asked: Asked, base: Pool, depth: int, by: Generator, kept: Kept) -> Iterator[Chosen]:
    """Rows of the users for whom the pool reaches, then of those for whom a deeper one does, and so on."""
    of, todo = judged(asked, base, depth, by.size, boosted=False), np.arange(len(asked.users))
    kept.filtered(of)
    while len(todo):
        left = []
        for made in selected(asked, of, todo):
            yield made.rows(of)
            kept.unselected(made, of)
            left.append(made.users[~made.reaches])
        todo, depth = np.concatenate(left), min(DEEPER * depth, by.size)
        of = _deeper(asked, todo, depth, by)


def _with_floors(asked: Asked, found: Pool, users: Array, by: Generator) -> Pool:
    """A pool of some users, and with it as many of the best that each floor is for as the list has rows."""
    of = asked.rules.of
    for floored in of.floored:
        segment = asked.rules.segment[asked.users[users]]
        for number in np.unique(segment):
            some = users[segment == number]
            theirs = floored & (of.closed == 0) & asked.rules.sets[number]
            more = by.pool(some, asked.of.k, theirs, of.boost, NO_WISHES)
            found = merged(found, replace(more, row=some[more.row]), by.size)
    return found


def _deeper(asked: Asked, todo: Array, depth: int, by: Generator) -> Judged:
    """A deeper pool for some users, of the items that are open to them."""
    of, parts = asked.rules.of, []
    segment = asked.rules.segment[asked.users[todo]]
    for number in np.unique(segment):
        users = todo[segment == number]
        open_items = (of.closed == 0) & asked.rules.sets[number]
        found = by.pool(users, depth, open_items, of.boost, asked.placed.only(users).wanted())
        found = _with_floors(asked, replace(found, row=users[found.row]), users, by)
        parts.append(judged(asked, found, depth, by.size, boosted=True))
    return joined(parts) if parts else judged(asked, NO_PAIRS, depth, by.size, boosted=True)


def _joined(parts: list[Chosen]) -> Chosen:
    """Rows of different users, by user and rank."""
    pairs = {name: np.concatenate([getattr(part.pairs, name) for part in parts]) for name in vars(parts[0].pairs)}
    names = ("rank", "rule", "placed", "propensity")
    whole = Chosen(Pool(**pairs), *(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    order = np.lexsort((whole.rank, whole.pairs.row))
    return Chosen(whole.pairs.take(order), *(getattr(whole, name)[order] for name in names))
