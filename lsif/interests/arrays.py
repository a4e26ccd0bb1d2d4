"""Arrow columns as NumPy arrays and back, without copies where there need be none."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
"""Small numbers, of which there are many: places in a list of ids, lengths, days since 1970."""
Floats = npt.NDArray[np.float64]


def column(table: pa.Table, name: str) -> pa.Array:
    """One column in one piece; text always with 32-bit offsets."""
    chunks = table[name]
    whole = chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()  # which copies even one
    return whole.cast(pa.string()) if pa.types.is_large_string(whole.type) else whole


def numbers(values: pa.Array, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Numbers, or dates as days since 1970."""
    whole = values.cast(pa.int32()) if pa.types.is_date32(values.type) else values
    return whole.to_numpy(zero_copy_only=False).astype(kind, copy=False)


def lengths_of(lists: pa.Array) -> Codes:
    counted: Codes = numbers(pc.list_value_length(lists), np.int32)
    return counted


def repeated(counts: Ints | Codes, kind: type[np.generic] = np.int64) -> npt.NDArray[Any]:
    """0 as often as the first count says, 1 as often as the second, and so on."""
    return np.repeat(np.arange(len(counts), dtype=kind), counts)


def encoded(strings: pa.Array) -> pa.DictionaryArray:
    """The same strings; a dictionary stays the one that it is, with all that it knows."""
    return strings if pa.types.is_dictionary(strings.type) else pc.dictionary_encode(strings)


def codes(strings: pa.Array) -> tuple[pa.Array, Ints]:
    """The distinct `strings` (of a dictionary all that it knows) in order of their bytes, and each one's place."""
    known = encoded(strings)
    order = pc.sort_indices(known.dictionary)
    place = np.empty(len(order), np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    return known.dictionary.take(order), place[known.indices.to_numpy(zero_copy_only=False)]


def run_starts(ordered: Ints | Codes) -> Ints:
    """Where each run of equal numbers starts."""
    return np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))


def as_lists(values: pa.Array, owner: Ints | Codes, owners: int) -> pa.Array:
    """`values` as `owners` lists; `owner` (ascending) says whose each one is."""
    offsets = np.searchsorted(owner, np.arange(owners + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def as_structs(**columns: pa.Array) -> pa.Array:
    return pa.StructArray.from_arrays(list(columns.values()), list(columns))
