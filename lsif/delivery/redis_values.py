"""A value for each list: its rows by rank, as JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError

Value = tuple[str, str, int]
"""Whose list it is, as the key ends, JSON, and how many rows it holds."""
LISTS = 1_000
"""That are sent together."""
encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def values(rows: Iterable[pa.Table], owner: Sequence[str]) -> Iterator[list[Value]]:
    """Some values at a time of rows that are sorted by owner and rank.

    Args:
        owner: columns that say whose list a row is in.

    Raises:
        LsifError: a number is not finite.
    """
    for group in rows:
        starts = [*_starts(group, owner), len(group)]
        for first in range(0, len(starts) - 1, LISTS):
            bounds = starts[first : first + LISTS + 1]
            some = group.slice(bounds[0], bounds[-1] - bounds[0])
            yield _values(some, [at - bounds[0] for at in bounds], owner)


def _starts(rows: pa.Table, owner: Sequence[str]) -> list[int]:
    """Where a list begins."""
    same = [_as_before(rows[name].combine_chunks()) for name in owner]
    return [0, *(np.flatnonzero(~np.logical_and.reduce(same)) + 1).tolist()]


def _as_before(column: pa.Array) -> np.ndarray:
    return pc.equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)


def _values(rows: pa.Table, bounds: list[int], owner: Sequence[str]) -> list[Value]:
    names = pc.binary_join_element_wise(*(rows[name] for name in owner), ":").to_pylist()
    told = rows.drop_columns(list(owner)).to_pylist()
    try:
        return [(names[at], encoder.encode(told[at:end]), end - at) for at, end in pairwise(bounds)]
    except ValueError as error:
        raise LsifError("a number in the lists is not finite, and JSON has none for it") from error
