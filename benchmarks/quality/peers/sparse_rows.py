"""Rows of sparse matrices: the greatest of each, and single cells."""

import numpy as np
from kit import Array
from scipy import sparse


def strongest(rows: sparse.csr_matrix, kept: int) -> sparse.csr_matrix:
    """Each row with its `kept` greatest values only."""
    best = [_greatest(rows.data[a:b], kept) + a for a, b in zip(rows.indptr, rows.indptr[1:], strict=False)]
    cells = np.concatenate(best) if best else np.empty(0, np.int64)
    ends = np.cumsum([0, *map(len, best)])
    return sparse.csr_matrix((rows.data[cells], rows.indices[cells], ends), shape=rows.shape)


def cells(rows: sparse.csr_matrix, row: Array, column: Array) -> Array:
    """The value at each of some places [N]."""
    return np.asarray(rows[row, column]).ravel()


def places(rows: sparse.csr_matrix) -> Array:
    """Row of each stored value."""
    return np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))


def _greatest(values: Array, kept: int) -> Array:
    if len(values) <= kept:
        return np.arange(len(values))
    return np.sort(np.argpartition(-values, kept - 1)[:kept])
