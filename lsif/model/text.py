"""Texts as vectors, offline: nothing here downloads anything."""

import hashlib
from collections.abc import Container, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from lsif.errors import LsifError
from lsif.model.ragged import Array, indices_in


class TextEncoder(Protocol):
    """Turns texts into vectors. `name` is stored beside every vector and in every model, and compared at load."""

    name: str

    def encode(self, texts: Sequence[str]) -> Array:
        """Vectors [len(texts), T] float32 of length one; zeros for a text without words."""
        ...


class HashingEncoder:
    """Words and letter triples hashed, then a fixed random projection: knows no language, needs no weights."""

    name = "hashing-256"
    _buckets, _size = 2**15, 256

    def encode(self, texts: Sequence[str]) -> Array:
        from sklearn.feature_extraction.text import HashingVectorizer  # seconds to import, and only some runs need it

        words = HashingVectorizer(n_features=self._buckets, ngram_range=(1, 2))
        letters = HashingVectorizer(n_features=self._buckets, analyzer="char_wb", ngram_range=(3, 3))
        return _unit((words.transform(texts) + letters.transform(texts)) @ self._projection())

    @classmethod
    @cache
    def _projection(cls) -> Array:
        return np.random.default_rng(0).standard_normal((cls._buckets, cls._size), dtype=np.float32)


class WordLlamaEncoder:
    """Averaged token vectors of a language model; weights and tokenizer come inside the package `wordllama`."""

    name = "wordllama-l2_supercat-256"

    def encode(self, texts: Sequence[str]) -> Array:
        vectors: Array = _wordllama().embed([text or " " for text in texts])
        return _unit(np.nan_to_num(vectors) * np.array([[bool(text.strip())] for text in texts]))


@cache
def _wordllama() -> Any:
    import wordllama  # seconds to import, and only some runs need it

    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)


def text_encoder(name: str) -> TextEncoder:
    """The encoder that the setting `model.text_encoder` names."""
    encoders: dict[str, type[TextEncoder]] = {"hashing": HashingEncoder, "wordllama": WordLlamaEncoder}
    if name not in encoders:
        raise LsifError(f"no text encoder {name!r}: choose one of {', '.join(encoders)}")
    return encoders[name]()


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


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)
