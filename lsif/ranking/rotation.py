"""Rows that rotate: a draw among the best of what a list did not show to its user lately.

Drawn from are as many candidates as the list has rows, by score, past those whose scores put them there anyway. They
are chosen so that limits let any of them stand together, and with any pin and whatever is explored: so each draw stands
at its rank, and one is as likely as another.

Shapes: U users, C candidates of each in the order of their scores, K ranks.
"""

import numpy as np

from lsif.features.ragged import Array, positions
from lsif.list_rules import crowd, drawn_ranks
from lsif.ranking.draws import draws
from lsif.ranking.judged import Asked
from lsif.ranking.placing import ROTATION, Placed
from lsif.ranking.selection import NOTHING, Cap, Limit, NearDuplicates, Selection, select

SALT = np.uint64(2)
"""So that what rotates is drawn by other lots than what is explored."""


def rotated(asked: Asked, users: Array, item: Array, score: Array) -> tuple[Placed, Array]:
    """What stands whatever its score, with what rotates, and the least score that might have been drawn [U].

    Args:
        users: positions in the chunk [U].
        item, score: of the candidates; a score of -inf where a filter keeps one out [U, C].
    """
    placed, rules = asked.placed.only(users), asked.rules.of
    if rules.rules.rotate is None:
        return placed, np.full(len(users), np.inf)
    explored, ranks = drawn_ranks(rules.rules, asked.of.k, rules.pinned)
    shown = asked.rules.lately.at(asked.users[users][:, None] * len(rules.closed) + item) > 0
    best = _best(asked, item, np.where(shown | ~rules.apart[item], -np.inf, score), score, [*rules.pinned, *explored])
    place = best.rows[:, -asked.of.k :]
    items = np.take_along_axis(item, np.maximum(place, 0), 1)
    found = draws(asked.seeds[users] ^ SALT, items, place != NOTHING, items, len(ranks))
    into, why, propensity = placed.item.copy(), placed.why.copy(), placed.propensity.copy()
    into[:, ranks], propensity[:, ranks] = found.item, found.propensity
    why[:, ranks] = np.where(found.item == NOTHING, why[:, ranks], ROTATION)
    return Placed(into, why, propensity), best.lowest


def _best(asked: Asked, item: Array, unshown: Array, score: Array, others: list[int]) -> Selection:
    """The rows that stay by score, and after them the K best that may be drawn.

    Args:
        unshown: the scores of what may be drawn, else -inf [U, C].
        others: ranks of what else is placed.
    """
    rules, k = asked.rules.of, asked.of.k
    ranks = drawn_ranks(rules.rules, k, rules.pinned)[1]
    staying, there = k - len(others) - len(ranks), score > -np.inf
    stays = there & (np.cumsum(there, axis=1) <= staying)
    fixed = np.full((len(item), staying + k), NOTHING)
    user, place = stays.nonzero()
    fixed[user, positions(user)] = place
    limits = _limits(asked, item, stays, [*others, *ranks], staying + k)
    return select(np.where(stays, -np.inf, unshown), limits, fixed)


def _limits(asked: Asked, item: Array, stays: Array, ranks: list[int], rows: int) -> list[Limit]:
    """Limits of what may be drawn: beside the rows that stay, each other, and what else may be placed at `ranks`."""
    rules, limits = asked.rules.of, list[Limit]()
    for cap, values, reserved in zip(rules.rules.caps, rules.values, rules.reserved, strict=True):
        of_it = np.where(item != NOTHING, values[item], NOTHING)
        if cap.every is not None:
            if crowd(ranks, cap.every) <= cap.most:
                continue
            of_it = np.where(stays, NOTHING, of_it)  # scores find their rows beside what is drawn
        limits.append(Cap(cap.name, of_it, cap.most - reserved[item], None, rows))
    if rules.rules.near_duplicates and rules.vectors is not None:
        limits.append(NearDuplicates("near_duplicates", rules.vectors[item], rules.rules.near_duplicates, rows))
    return limits
