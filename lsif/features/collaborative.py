"""Who takes this also takes that, as of one day: item factors from everybody's history.

The factors carry nothing of a training: they are made anew at every date, by the training at its cutoffs and by the
night at its own, so an item that found its first buyers last week has one.
"""

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from lsif.features.history import History
from lsif.features.ragged import Array

FEWEST = 3
"""Users below which an item has no factor."""
MOST_USERS = 2**16
"""Users looked at: of more, evenly spaced ones; item to item proportions need no more."""
ITERATIONS = 3


def item_factors(rows: History, items: int, users: int, size: int) -> Array:
    """Unit factors [V, K] float32; zeros for items with too few users.

    A truncated singular value decomposition (Halko, Martinsson, Tropp, 2011) of `log(1 + weight)` by user and item.
    Rows are divided by their length^½ and columns by their remaining length^½, so that neither heavy users nor popular
    items are all that there is; an axis of strength s counts by s / √(s² + m²), m the middle one's, as a linear
    autoencoder with a ridge would count it.

    Args:
        rows: uncapped histories.
        size: K; a small log that has fewer axes leaves the last columns zero.
    """
    taken = _matrix(rows, items, users)
    known = np.flatnonzero(np.diff(taken.tocsc().indptr) >= FEWEST)
    factors = np.zeros((items, size), np.float32)
    scaled = _scaled(taken[:, known])
    axes = min(size, *scaled.shape)
    if axes < 1 or not scaled.nnz:
        return factors
    _, strength, across = randomized_svd(scaled, axes, n_iter=ITERATIONS, random_state=0)
    found = across.T * (strength / np.maximum(np.hypot(strength, strength[axes // 2]), 1e-12))
    factors[known, :axes] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    return factors


def _matrix(rows: History, items: int, users: int) -> sparse.csr_matrix:
    looked_at = rows.user % (users // MOST_USERS + 1) == 0
    weight = np.log1p(rows.weights[:, rows.weights.shape[1] // 2])[looked_at]
    return sparse.csr_matrix((weight, (rows.user[looked_at], rows.item[looked_at])), shape=(users, items))


def _scaled(taken: sparse.csr_matrix) -> sparse.csr_matrix:
    by_user = sparse.diags(_inverse_root(taken, axis=1)) @ taken
    return (by_user @ sparse.diags(_inverse_root(by_user, axis=0))).tocsr()


def _inverse_root(matrix: sparse.csr_matrix, axis: int) -> Array:
    """length^-½ of every row (axis 1) or column (axis 0)."""
    squares = np.asarray(matrix.multiply(matrix).sum(axis)).ravel()
    root: Array = np.maximum(squares, 1e-12) ** -0.25
    return root
