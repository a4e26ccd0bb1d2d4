"""Filter and score: what the rules of a list say of the pairs of a pool.

Shapes: U users of the chunk, B users of the block, P pairs, V items, K ranks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lsif.config import Interest
from lsif.features.ragged import Array, positions
from lsif.ranked_list import RankedList
from lsif.ranking.item_rules import FILTERS_OF_ITEMS
from lsif.ranking.lists import RANKS_BY
from lsif.ranking.placing import Placed
from lsif.ranking.pool import Pool
from lsif.ranking.popular import DECIMALS
from lsif.ranking.user_rules import UserRules

FILTERS = (*FILTERS_OF_ITEMS, "for_users", "not_within")
"""What keeps a pair out, in the order in which it is counted."""


@dataclass(frozen=True)
class Asked:
    """One list for a chunk of users.

    Attributes:
        number, of: of the list.
        rules: of the block of users.
        users: positions of the chunk's users in the block [U].
        placed: what stands whatever its score.
        seeds: of what is drawn for them [U], uint64.
        only: the interest by which people who ask want it ranked.
    """

    number: int
    of: RankedList
    rules: UserRules
    users: Array
    placed: Placed
    seeds: Array
    only: Interest | None = None


@dataclass(frozen=True)
class Judged:
    """Pairs that the list may hold, by user and score.

    Attributes:
        pairs: `row` is the position in the chunk.
        closed: number of the filter of `FILTERS` that keeps a pair out, from one; 0 where none does [P].
        rule: what rules add to the score [P].
        score: by which pairs are ranked [P].
        bound: the most that a pair outside of the pool can have [U].
    """

    pairs: Pool
    closed: Array
    rule: Array
    score: Array
    bound: Array


def judged(asked: Asked, found: Pool, depth: int, size: int, boosted: bool) -> Judged:
    """
    Args:
        found: a pool, `depth` deep.
        size: V.
        boosted: whether items were searched by their scores with what rules add to items.
    """
    kind, of = asked.of.items, asked.rules.of
    pairs = found if kind == "all" else found.take(np.flatnonzero(found.own == (kind == "own")))
    user = asked.users[pairs.row]
    key = user * size + pairs.item
    closed = of.closed[pairs.item].astype(np.int64)
    closed[(closed == 0) & ~asked.rules.sets[asked.rules.segment[user], pairs.item]] = 1 + FILTERS.index("for_users")
    closed[(closed == 0) & (asked.rules.closed.at(key) > 0)] = 1 + FILTERS.index("not_within")
    plain, boost = RANKS_BY[asked.only](pairs), of.boost[pairs.item]
    rule = boost + asked.rules.discount.at(key)
    searched, above = (plain + boost, 0.0) if boosted else (plain, of.most_boost)
    score = _rounded(plain + rule)
    order = np.lexsort((pairs.order, -score, pairs.row))
    nothing_else = np.full(len(asked.users), -np.inf)
    return Judged(
        pairs.take(order),
        closed[order],
        rule[order],
        score[order],
        _rounded(_last(pairs, searched, depth, len(asked.users)) + above if depth < size else nothing_else),
    )


def joined(parts: Sequence[Judged]) -> Judged:
    """Of different users of one chunk."""
    names = ("closed", "rule", "score")
    pairs = {name: np.concatenate([getattr(part.pairs, name) for part in parts]) for name in vars(parts[0].pairs)}
    order = np.argsort(pairs["row"], kind="stable")
    columns = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in names}
    bound = np.max([part.bound for part in parts], axis=0)
    return Judged(Pool(**{name: values[order] for name, values in pairs.items()}), **columns, bound=bound)


def _last(pairs: Pool, searched: Array, depth: int, users: int) -> Array:
    """The worse of the `depth` best own or new items, by which everything better is there; -inf where all is [U]."""
    last = np.full(users, -np.inf)
    for kind in (pairs.own, ~pairs.own):
        row, score = pairs.row[kind], searched[kind]
        order = np.lexsort((-score, row))
        deep = order[positions(row[order]) == depth - 1]
        last[row[deep]] = np.maximum(last[row[deep]], score[deep])
    return last


def _rounded(values: Array) -> Array:
    found: Array = values.round(DECIMALS) + 0.0
    return found
