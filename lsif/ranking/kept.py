"""Counts what the rules of one list do to a chunk of users."""

import numpy as np

from lsif.features.ragged import Array
from lsif.ranking.chosen import Selected
from lsif.ranking.explained import Chosen
from lsif.ranking.hits import TOO_FEW, Hits
from lsif.ranking.judged import FILTERS, Asked, Judged
from lsif.ranking.placing import DRAW, PIN, ROTATION
from lsif.ranking.pool import Pool
from lsif.ranking.selection import NOTHING


class Kept:
    """Kept out is what would have been a row without rules, by the first rule that is against it."""

    def __init__(self, hits: Hits, asked: Asked, best: Pool, size: int) -> None:
        """
        Args:
            best: rows of the list as it would be without rules.
        """
        self._hits, self._asked, self._size = hits, asked, size
        self._best = np.sort(best.row * size + best.item)
        self._name = asked.rules.of.name

    def filtered(self, of: Judged) -> None:
        """What filters kept out of the first pool."""
        unruled = self._is_best(of.pairs)
        for number, rule in enumerate(FILTERS, 1):
            self._hits.add(self._name, rule, of.pairs.row[unruled & (of.closed == number)])

    def unselected(self, made: Selected, of: Judged) -> None:
        """What limits kept out of the lists that are made, and what floors lifted into them."""
        pair = np.where(made.reaches[:, None], made.pair, NOTHING)
        user, place = (pair != NOTHING).nonzero()
        number = pair[user, place]
        rows = (made.selection.rows[user] == place[:, None]).any(1)
        out = self._is_best(of.pairs)[number] & (of.closed[number] == 0) & ~rows
        forbidden = made.selection.forbidden[user, place]
        for at, limit in enumerate(made.limits, 1):
            self._hits.add(self._name, limit, made.users[user[out & (forbidden == at)]])
        self._hits.add(self._name, "floors", made.users[(made.selection.floored & made.reaches[:, None]).nonzero()[0]])

    def rows(self, chosen: Chosen) -> None:
        """What rules changed or placed, and what is missing."""
        of, row = self._asked.rules.of, chosen.pairs.row
        self._hits.add(self._name, "boosts", row[of.boost[chosen.pairs.item] != 0])
        self._hits.add(self._name, "shown", row[chosen.rule < of.boost[chosen.pairs.item]])
        self._hits.add(self._name, "pins", row[chosen.placed == PIN])
        self._hits.add(self._name, "explore", row[chosen.placed == DRAW])
        self._hits.add(self._name, "rotate", row[chosen.placed == ROTATION])
        missing = self._asked.of.k - np.bincount(row, minlength=len(self._asked.users))
        if self._asked.of.items != "own":
            self._hits.add(self._name, TOO_FEW, missing.nonzero()[0], int(missing.sum()))

    def _is_best(self, pairs: Pool) -> Array:
        return np.isin(pairs.row * self._size + pairs.item, self._best)
