"""Drawing some of many users by a hash of who they are: the same ones on every machine, however many there are."""

import hashlib

import numpy as np
import pyarrow as pa
from pandas.util import hash_array

from lsif.features.ragged import Array


def chances(ids: pa.Array, key: str) -> Array:
    """A number in [0, 1) for each id [U], spread evenly, that depends on the id and the key alone."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    hashed = hash_array(np.asarray(ids.to_pylist(), object), hash_key=digest, categorize=False)
    return (hashed >> np.uint64(11)) / 2.0**53


def drawn(ids: list[str], key: str, most: int) -> list[str]:
    """At most `most` of the ids, in the order given."""
    if len(ids) <= most:
        return ids
    kept = np.sort(np.argsort(chances(pa.array(ids, pa.string()), key), kind="stable")[:most])
    return [ids[place] for place in kept.tolist()]
