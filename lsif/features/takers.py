"""Who took an item in the last days, as of one day: where its takers stand among the item factors.

A user who stands near them is like those who took it. An item that found its first takers yesterday has no factor yet,
or one of a handful of users; where its takers stand is known from all that they took before.
"""

import numpy as np
from scipy import sparse

from lsif.features.ragged import Array

DAYS = 7
"""Days back from `ds` in which takings count."""
HALF_LIFE = 3.0
"""In days, by which they fade."""
DOUBT = 0.5
"""Takings that are held against those that there are: of few takers less is known."""
ROWS = 2**16
"""Takings that are looked at at once."""
ALONE = 1e-4
"""Length below which nothing is left of a user without the taking: it was all that the user ever took."""


def takers(taken: sparse.csr_matrix, user: Array, item: Array, age: Array, factors: Array) -> Array:
    """Vectors of the items [V, K] float32, of less than unit length; zeros without takers.

    A taker stands where the factors of all that he or she took point together, but for the item itself: else an item
    would be near to whoever is near to it, which its factor says.

    Args:
        taken: log(1 + decayed weight) of each user and item [U, V].
        user, item, age: of each pair that was ever taken, and days since it last was [R].
        factors: [V, K].
    """
    late = np.flatnonzero(age < DAYS)
    active, who = np.unique(user[late], return_inverse=True)
    some = taken[active].astype(np.float32)
    whole = some @ factors
    faded = (2.0 ** (-age[late] / HALF_LIFE)).astype(np.float32)
    counts = np.bincount(item[late], faded, len(factors)).astype(np.float32)[:, None]
    sums = np.zeros((len(factors), factors.shape[1]), np.float32)
    for start in range(0, len(late), ROWS):
        rows, of = late[start : start + ROWS], who[start : start + ROWS]
        own = np.asarray(some[of, item[rows]]).reshape(-1, 1)
        stands = _unit(whole[of] - own * factors[item[rows]])
        cells = (faded[start : start + ROWS], (item[rows], np.arange(len(rows))))
        sums += sparse.csr_matrix(cells, shape=(len(factors), len(rows))) @ stands
    made: Array = _unit(sums) * (counts / (counts + DOUBT))
    return made


def _unit(vectors: Array) -> Array:
    """Of length one; zeros where next to nothing is there."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found: Array = np.where(length > ALONE, vectors / np.maximum(length, ALONE), 0)
    return found
