"""Catalogue texts and their stored vectors: keys, new rows, look-up, whitening."""

import hashlib
from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lsif.errors import LsifError
from lsif.features.ragged import Array, indices_in
from lsif.features.text_encoders import TextEncoder


def text_sha256(texts: Sequence[str | None]) -> list[str]:
    """Key of each text in the table `item_vectors`; no text is the empty text."""
    return [hashlib.sha256((text or "").encode()).hexdigest() for text in texts]


def new_vectors(texts: Sequence[str | None], known: Container[str], encoder: TextEncoder) -> list[dict[str, Any]]:
    """Rows of `item_vectors` for the distinct texts whose key is not `known`, in the order of their keys."""
    by_key = dict(zip(text_sha256(texts), texts, strict=True))
    new = sorted(key for key in by_key if key not in known)
    vectors: Any = encoder.encode([by_key[key] or "" for key in new]) if new else []
    return [
        {"text_sha256": key, "encoder": encoder.name, "vector": vector}
        for key, vector in zip(new, vectors, strict=True)
    ]


def catalogue_vectors(items: pa.Table, item_vectors: pa.Table, encoder: str) -> Array:
    """The stored vector of every catalogue row's text [N, T].

    Args:
        items: rows of the `items` table.
        item_vectors: rows of the `item_vectors` table, of any encoders.
        encoder: name of the encoder whose vectors are wanted.

    Raises:
        LsifError: a text has no vector of this encoder yet.
    """
    own = item_vectors.filter(pa.compute.equal(item_vectors["encoder"], encoder)) if len(item_vectors) else item_vectors
    keys = pa.array(text_sha256(items["text"].to_pylist()), pa.string())
    row = indices_in(keys, own["text_sha256"].cast(pa.string()).combine_chunks())
    if (row < 0).any():
        raise LsifError(f"{(row < 0).sum()} catalogue texts have no {encoder} vector: run jobs/embed_items.py first")
    flat = pa.compute.list_flatten(own["vector"].combine_chunks()).to_numpy(zero_copy_only=False)
    return flat.reshape(len(own), -1).astype(np.float32)[row]


def whitening(vectors: Array, size: int, ridge: float = 1e-3) -> tuple[Array, Array]:
    """Mean [T] and projection [T, size'] after which the vectors' main directions have equal weight.

    Fit on the training vocabulary and stored with the model; size' = min(size, T).
    """
    mean = vectors.mean(0)
    values, axes = np.linalg.eigh(np.cov((vectors - mean).astype(np.float64), rowvar=False))
    top = np.argsort(-values)[:size]
    scale = 1 / np.sqrt(values[top].clip(0) + ridge * values.max() + 1e-12)
    return mean.astype(np.float32), (axes[:, top] * scale).astype(np.float32)
