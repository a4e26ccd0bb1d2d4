"""Lists of lists as flat arrays: element `r` belongs to row `parent[r]`; row `u` owns `start[u]:start[u + 1]`."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Array = np.ndarray[Any, np.dtype[Any]]


SECONDS_PER_DAY = 86_400


def exploded(column: pa.ChunkedArray | pa.Array) -> tuple[Array, pa.ChunkedArray | pa.Array]:
    """Parent row of every element, and all elements, of a list column; a null list counts as empty.

    Chunks stay as they are: in one piece, all histories would lie in memory twice.
    """
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.repeat(np.arange(len(lengths)), lengths), pc.list_flatten(column)


def of_length_one(vectors: Array) -> Array:
    """Rows of length one; a zero stays zero [N, D]."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Array = vectors / np.where(length > 0, length, 1)
    return found


def starts(parent: Array, rows: int) -> Array:
    """`start[rows + 1]` of sorted `parent`s."""
    return np.concatenate([[0], np.cumsum(np.bincount(parent, minlength=rows))]).astype(np.int64)


def positions(parent: Array) -> Array:
    """0, 1, 2, … within each run of equal, sorted parents."""
    if not len(parent):
        return np.zeros(0, np.int64)
    return np.arange(len(parent)) - starts(parent, int(parent[-1]) + 1)[parent]


def slices(start: Array, rows: Array) -> tuple[Array, Array]:
    """Flat indices of the elements of `rows`, and for each the position of its row in `rows`."""
    lengths = start[rows + 1] - start[rows]
    owner = np.repeat(np.arange(len(rows)), lengths)
    return np.arange(len(owner)) - starts(owner, len(rows))[owner] + start[rows][owner], owner


def indices_in(values: pa.Array | pa.ChunkedArray, known: pa.Array) -> Array:
    """Position of each value in `known`, -1 where absent (int64)."""
    found = pc.index_in(pc.cast(values, pa.string()), value_set=known)
    return pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)


def joined_by(seen: pa.Array, ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Distinct ids `seen`, and those of `ids` that are not among them after them."""
    return pc.unique(pa.concat_arrays([seen, pc.unique(pc.cast(ids, pa.string()))]))


def day_numbers(dates: pa.Array | pa.ChunkedArray) -> Array:
    """Days since 1970-01-01 of a date column (int64)."""
    return pc.cast(pc.cast(dates, pa.date32()), pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64)


def day_number(ds: str) -> int:
    return int(np.datetime64(ds, "D").astype(np.int64))


def moments(events: pa.ChunkedArray | pa.Array) -> Array:
    """Seconds since 1970 of the field `event_time` of structs [E]."""
    times = pc.cast(pc.struct_field(events, "event_time"), pa.timestamp("us", "UTC"))
    found: Array = pc.cast(times, pa.int64()).to_numpy(zero_copy_only=False) / 1e6
    return found


def ages(moment: Array, ds: str) -> Array:
    """Days from each of `moments` to the end of `ds`, float32 [E]."""
    return ((day_number(ds) + 1) - moment / SECONDS_PER_DAY).astype(np.float32)


def distinct(values: Array) -> Array:
    """Sorted distinct values; several times faster than `numpy.unique`, which hashes."""
    ordered = np.sort(values, axis=None)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def by_name(pairs: pa.ChunkedArray) -> dict[str, pa.Array]:
    """Columns by the names in lists of pairs of name and value, null where a list lacks it."""
    lists = pairs.combine_chunks()
    parents, flat = pc.list_parent_indices(lists), lists.flatten()
    names, values = (pc.struct_field(flat, part) for part in ("name", "value"))
    made = {}
    for name in pc.unique(names).to_pylist():
        there = pc.equal(names, name)
        place = np.full(len(lists), -1)
        place[np.asarray(parents.filter(there))] = np.arange(pc.sum(there).as_py())
        made[name] = values.filter(there).take(pa.array(place, mask=place < 0))
    return made
