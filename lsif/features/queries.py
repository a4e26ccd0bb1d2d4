"""Vectors of what users wrote, by the encoder of a model."""

import sys
from collections.abc import Sequence
from functools import cache
from threading import Lock

import numpy as np

from lsif.errors import LsifError
from lsif.features.ragged import Array
from lsif.features.text_encoders import PrecomputedEncoder, TextEncoder, encoder_named

KEPT = 2**15
"""Vectors that are kept: many users write the same, and every user is scored as of two days."""
_OPENING = Lock()


class Queries:
    """Of one encoder, which blocks of users ask from several threads; the vector of a text hangs on nothing else."""

    def __init__(self, encoder: TextEncoder | None, size: int) -> None:
        self._encoder, self._size = encoder, size
        self._known: dict[str, Array] = {}
        self._lock = Lock()

    def vectors(self, texts: Sequence[str]) -> Array:
        """[N, size]: of length one, zeros where there is none."""
        with self._lock:
            if new := [text for text in texts if text not in self._known]:
                if len(self._known) + len(new) > KEPT:
                    self._known, new = {}, list(texts)
                self._known |= zip(new, self._encoded(new), strict=True)
            return np.array([self._known[text] for text in texts], np.float32).reshape(-1, self._size)

    def _encoded(self, texts: Sequence[str]) -> Array:
        if self._encoder is not None:
            try:
                return encoded(self._encoder, texts, np.zeros(self._size, np.float32))
            except LsifError as error:
                self._encoder = None
                _say(error)
        return np.zeros((len(texts), self._size), np.float32)


def encoded(encoder: TextEncoder, texts: Sequence[str], nothing: Array) -> Array:
    """Of an encoder whose last bits hang on what else is encoded, one text at a time; where vectors are made elsewhere,
    `nothing` for a text that has none."""
    if isinstance(encoder, PrecomputedEncoder):
        known = encoder.known(texts)
        return np.array([known.get(text, nothing) for text in texts], np.float32)
    if encoder.alone:
        return np.concatenate([encoder.encode([text]) for text in texts])
    return encoder.encode(texts)


def queries(encoder: str, setting: str, size: int) -> Queries:
    """Opened once in a process; where the encoder is not there, no query has a vector, and a line says so.

    Args:
        encoder: the name of its vectors.
        setting: how it was asked for.
    """
    with _OPENING:
        return _opened(encoder, setting, size)


@cache
def _opened(encoder: str, setting: str, size: int) -> Queries:
    try:
        return Queries(encoder_named(encoder, setting), size)
    except LsifError as error:
        _say(error)
        return Queries(None, size)


def _say(error: LsifError) -> None:
    print(f"searches are not read: {error}", file=sys.stderr)
