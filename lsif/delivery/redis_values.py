"""A value for each user and list: its rows by rank, as JSON."""

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError

Value = tuple[str, str, str, int]
"""List, user, JSON, and how many rows it holds."""
LISTS = 1_000
"""That are sent together."""
encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def values(rows: Iterable[pa.Table]) -> Iterator[list[Value]]:
    """Some values at a time of rows that are sorted by list, user and rank.

    Raises:
        LsifError: a number is not finite.
    """
    for group in rows:
        starts = [*_starts(group), len(group)]
        for first in range(0, len(starts) - 1, LISTS):
            bounds = starts[first : first + LISTS + 1]
            yield _values(group.slice(bounds[0], bounds[-1] - bounds[0]), [at - bounds[0] for at in bounds])


def _starts(rows: pa.Table) -> list[int]:
    """Where a list of a user begins."""
    same = [_as_before(rows[name].combine_chunks()) for name in ("list", "user_id")]
    return [0, *(np.flatnonzero(~np.logical_and(*same)) + 1).tolist()]


def _as_before(column: pa.Array) -> np.ndarray:
    return pc.equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)


def _values(rows: pa.Table, bounds: list[int]) -> list[Value]:
    lists, users = rows["list"].to_pylist(), rows["user_id"].to_pylist()
    told = rows.drop_columns(["list", "user_id"]).to_pylist()
    try:
        return [(lists[at], users[at], encoder.encode(told[at:end]), end - at) for at, end in pairwise(bounds)]
    except ValueError as error:
        raise LsifError("a number in the lists is not finite, and JSON has none for it") from error
