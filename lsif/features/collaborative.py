"""Who takes this also takes that, as of one day: item factors from everybody's history.

The factors carry nothing of a training: they are made anew at every date, by the training at its cutoffs and by the
night at its own, so an item that found its first buyers last week has one.
"""

import numpy as np
from scipy import sparse

from lsif.features.history import History
from lsif.features.ragged import Array
from lsif.features.takers import takers

FEWEST = 3
"""Users below which an item has no factor."""
MOST_ROWS = 2**22
"""Histories' rows looked at: of more, those of every second user, every fourth, and so on; item to item proportions
need no more."""
ITERATIONS = 3


class Takings:
    """Who takes what, gathered from some users at a time; evenly spaced users are left of many.

    Args:
        column: of the weights, what a user's item counts.
    """

    def __init__(self, column: int) -> None:
        self._column, self._step, self._size = column, 1, 0
        self._parts: list[tuple[Array, ...]] = []

    def add(self, rows: History, before: int) -> None:
        """`rows` are uncapped and of the users after the first `before`."""
        self._keep(rows.user + before, rows.item, np.log1p(rows.weights[:, self._column]), rows.last_age())
        while self._size > MOST_ROWS:
            parts, self._parts, self._size, self._step = self._parts, [], 0, 2 * self._step
            for part in parts:
                self._keep(*part)

    def _keep(self, user: Array, *columns: Array) -> None:
        chosen = user % self._step == 0
        self._parts.append((user[chosen], *(column[chosen] for column in columns)))
        self._size += int(chosen.sum())

    def factors(self, items: Array, users: int, size: int) -> tuple[Array, Array]:
        """Factors of `items` [V, size], as `item_factors` makes them, and where their takers stand, as `takers` does.

        Args:
            items: every number that there is, in the order that is asked for.
        """
        if not self._parts:
            return np.zeros((len(items), size), np.float32), np.zeros((len(items), size), np.float32)
        user, item, weight, age = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        place = np.argsort(items)[item]
        shape = ((users - 1) // self._step + 1, len(items))
        taken = sparse.csr_matrix((weight, (user // self._step, place)), shape=shape)
        factors = item_factors(taken, size)
        return factors, takers(taken, user // self._step, place, age, factors)


def item_factors(taken: sparse.csr_matrix, size: int) -> Array:
    """Unit factors [V, K] float32; zeros for items with too few users.

    A truncated singular value decomposition (Halko, Martinsson, Tropp, 2011) of `log(1 + weight)` by user and item.
    Rows are divided by their length^½ and columns by their remaining length^½, so that neither heavy users nor popular
    items are all that there is; an axis of strength s counts by s / √(s² + m²), m the middle one's, as a linear
    autoencoder with a ridge would count it.

    Args:
        taken: log(1 + decayed weight) of uncapped histories [users, V].
        size: K; a small log that has fewer axes leaves the last columns zero.
    """
    known = np.flatnonzero(np.diff(taken.tocsc().indptr) >= FEWEST)
    factors = np.zeros((taken.shape[1], size), np.float32)
    scaled = _scaled(taken[:, known])
    axes = min(size, *scaled.shape)
    if axes < 1 or not scaled.nnz:
        return factors
    from sklearn.utils.extmath import randomized_svd  # a second to import, for jobs that may have nothing to do

    _, strength, across = randomized_svd(scaled, axes, n_iter=ITERATIONS, random_state=0)
    found = across.T * (strength / np.maximum(np.hypot(strength, strength[axes // 2]), 1e-12))
    factors[known, :axes] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    return factors


def _scaled(taken: sparse.csr_matrix) -> sparse.csr_matrix:
    by_user = sparse.diags(_inverse_root(taken, axis=1)) @ taken
    return (by_user @ sparse.diags(_inverse_root(by_user, axis=0))).tocsr()


def _inverse_root(matrix: sparse.csr_matrix, axis: int) -> Array:
    """length^-½ of every row (axis 1) or column (axis 0)."""
    squares = np.asarray(matrix.multiply(matrix).sum(axis)).ravel()
    root: Array = np.maximum(squares, 1e-12) ** -0.25
    return root
