"""Which variant a user belongs to: a hash decides, the same on every machine and on every night."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lsif.experiment import Experiment

UNIT = 2.0**-53


def variants_of(ids: pa.Array, experiment: Experiment) -> pa.Array:
    """Names of the variants of users [U]."""
    return parted(ids, experiment.salted, {name: one.share for name, one in experiment.variants.items()})


def parted(ids: pa.Array, salt: str, shares: Mapping[str, float]) -> pa.Array:
    """The part of each user [U], each part of so large a share of them.

    A part is an interval of [0, 1), by the names' order: all that counts is in which the hash of salt and user lies.
    """
    names = sorted(shares)
    ends = np.cumsum([shares[name] for name in names])[:-1]
    return pa.array(names, pa.string()).take(pa.array(np.searchsorted(ends, places(ids, salt), side="right")))


def places(ids: pa.Array, salt: str) -> npt.NDArray[Any]:
    """Of users in [0, 1): the first 53 bits of BLAKE2b over salt, a zero byte and the id in UTF-8 [U]."""
    salted = blake2b(salt.encode() + b"\0", digest_size=8)
    digests = []
    for user in ids.to_pylist():
        of_user = salted.copy()
        of_user.update(user.encode())
        digests.append(of_user.digest())
    found: npt.NDArray[Any] = (np.frombuffer(b"".join(digests), ">u8") >> 11) * UNIT
    return found
