"""Of whom a night's evidence is looked into: the same users whenever and wherever that night is made."""

import numpy as np
import pyarrow as pa

from lsif.features.ragged import Array
from lsif.ranking.draws import seed_of

SHARE, LEAST, MOST = 1 / 64, 16, 1024
"""Of the users of a night: so large a part, and at least and at most so many, about."""


def seeds(ids: pa.Array, ds: str) -> Array:
    """Of each user [U], uint64."""
    return np.array([seed_of("evidence", ds, user) for user in ids.to_pylist()], np.uint64)


def chosen(seed: Array, users: int) -> Array:
    """Whether each is looked into [U], in a night of so many users."""
    many = max(users, 1)
    found: Array = seed / 2.0**64 < max(min(SHARE, MOST / many), LEAST / many)
    return found
