"""Sums of counts under homomorphic encryption: whoever adds them sees none, whoever has the key sees the sum.

BFV (Fan and Vercauteren, 2012) by TenSEAL, at 128 bits of security: whole numbers, and sums that are exact. CKKS would
be near them only, and what it decrypts to may not be shown to others without giving away the key (Li and Micciancio,
2021).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tenseal

from lsif.errors import LsifError
from lsif.features.ragged import Array

SCHEME = "BFV 8192 4294475777"
"""Degree of the polynomials, so many counts lie in one ciphertext, and the prime that sums are taken modulo."""
DEGREE, PRIME = (int(number) for number in SCHEME.split()[1:])
HOUSES = 64
"""Of as many a sum is sure to stay below half of the prime, where it would turn negative."""
LARGEST = PRIME // 2 // HOUSES
"""Count of one house, above or below nought."""


def new_keys() -> tuple[bytes, bytes]:
    """A secret key and the public one that belongs to it."""
    context = tenseal.context(tenseal.SCHEME_TYPE.BFV, poly_modulus_degree=DEGREE, plain_modulus=PRIME)
    kept = {"save_galois_keys": False, "save_relin_keys": False}
    secret = context.serialize(save_secret_key=True, **kept)
    context.make_context_public()
    return secret, context.serialize(**kept)


def encrypted(counts: Array, public: bytes) -> list[bytes]:
    """Ciphertexts of whole numbers [N], in their order.

    Raises:
        LsifError: a count is so large that sums might not hold.
    """
    if len(counts) and np.abs(counts).max() > LARGEST:
        raise LsifError(f"a count of {np.abs(counts).max():,} is too large to be added up: {LARGEST:,} is the most")
    context = tenseal.context_from(public)
    parts = (counts[start : start + DEGREE] for start in range(0, len(counts), DEGREE))
    return [tenseal.bfv_vector(context, part.tolist()).serialize() for part in parts]


def added(houses: Sequence[Sequence[bytes]], public: bytes) -> list[bytes]:
    """Ciphertexts of the sums, from those of each house; the public key is all it takes.

    Raises:
        LsifError: more than `HOUSES`.
    """
    if len(houses) > HOUSES:
        raise LsifError(f"sums of {len(houses)} houses may not hold: {HOUSES} is the most")
    context = tenseal.context_from(public)
    return [_sum(context, same).serialize() for same in zip(*houses, strict=True)]


def decrypted(sums: Sequence[bytes], secret: bytes) -> Array:
    """Whole numbers [N], int64."""
    context = tenseal.context_from(secret)
    parts = [tenseal.bfv_vector_from(context, part).decrypt() for part in sums]
    return np.concatenate([np.asarray(part, np.int64) for part in parts] or [np.zeros(0, np.int64)])


def _sum(context: Any, same: Sequence[bytes]) -> Any:
    total, *others = (tenseal.bfv_vector_from(context, part) for part in same)
    for other in others:
        total += other
    return total
