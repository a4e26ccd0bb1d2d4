"""What is known of items, as vectors whose products say how alike two of them are.

Shapes: V items, T width of text vectors, A attributes that several items have, K of factors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from lsif.features.attributes import answers_about, makers
from lsif.features.ragged import Array, indices_in, of_length_one
from lsif.features.text import whitening
from lsif.llm import KIND

TEXT_WIDTH = 64
"""Directions of text vectors that are looked at."""


@dataclass(frozen=True)
class Signals:
    """Three views of each item, of length one each, or zero where it says nothing of the item.

    Attributes:
        text: whitened text vectors, whose cosines tell items of one catalogue apart (Su and others, 2021) [V, ≤ T].
        attributes: category, brand, the catalogue's attributes and what a language model says, by inverse document
            frequency (Salton and Buckley, 1988) [V, A].
        factors: of `item_states`: who takes it [V, K].
    """

    text: Array
    attributes: sparse.csr_matrix
    factors: Array


def signals(items: pa.Table, vectors: Array, said: pa.Table, states: pa.Table) -> Signals:
    """
    Args:
        items: rows of the table `items` [V].
        vectors: their text vectors [V, T].
        said: rows of `item_attributes`.
        states: rows of `item_states`.
    """
    return Signals(_text(items, vectors), _attributes(items, said), _factors(items["item_id"], states))


def _text(items: pa.Table, vectors: Array) -> Array:
    written = np.asarray(pc.fill_null(pc.not_equal(items["text"], ""), False)) & np.any(vectors, axis=1)
    if written.sum() < 2:
        return np.zeros((len(items), 1))
    mean, axes = whitening(vectors[written], TEXT_WIDTH)
    return of_length_one((vectors - mean).astype(np.float64) @ axes * written[:, None])


def _factors(item_ids: pa.ChunkedArray, states: pa.Table) -> Array:
    known = states.filter(pc.is_valid(states["factor"]))
    flat = pc.list_flatten(known["factor"].combine_chunks()).to_numpy(zero_copy_only=False)
    width = len(flat) // len(known) if len(known) else 1
    rows = np.concatenate([flat.reshape(-1, width), np.zeros((1, width))])
    return of_length_one(rows[indices_in(item_ids, known["item_id"].cast(pa.string()).combine_chunks())])


def _attributes(items: pa.Table, said: pa.Table) -> sparse.csr_matrix:
    """Of one item alone a word says nothing of another: it is left out."""
    parts = [*_of_catalogue(items), *_of_a_model(items, said)]
    row = np.concatenate([row for row, _ in parts])
    coded = pa.concat_arrays([words for _, words in parts]).dictionary_encode()
    code, size = np.asarray(coded.indices).astype(np.int64), len(coded.dictionary)
    row, code = np.divmod(np.unique(row * size + code), max(size, 1))
    count = np.bincount(code, minlength=size)
    weight = np.where(count > 1, np.log(len(items) / np.maximum(count, 1)), 0.0)
    found = sparse.csr_matrix((weight[code], (row, code)), shape=(len(items), size))
    found.eliminate_zeros()
    length = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
    return (sparse.diags(1 / np.where(length > 0, length, 1)) @ found).tocsr()


Words = tuple[Array, pa.Array]
"""Rows of items, and a word of each, as `name=value`."""


def _of_catalogue(items: pa.Table) -> Iterator[Words]:
    every = np.arange(len(items))
    for name in ("category", "brand"):
        yield _words(every, name, items[name].combine_chunks())
    yield _of_pairs(every, items["attributes"], "")


def _of_a_model(items: pa.Table, said: pa.Table) -> Iterator[Words]:
    """What is said of each item's text, by whichever models."""
    for one in pc.unique(makers(said)).sort().to_pylist():
        own, at = answers_about(items, said, one)
        (row,) = (at >= 0).nonzero()
        told = own.take(pa.array(at[row]))
        yield _words(row, f"said {KIND}", told["kind"].combine_chunks())
        yield _of_pairs(row, told["attributes"], "said ")


def _of_pairs(row: Array, lists: pa.ChunkedArray, before: str) -> Words:
    whole = lists.combine_chunks()
    parents, pairs = np.asarray(pc.list_parent_indices(whole)), pc.list_flatten(whole)
    names = pc.binary_join_element_wise(before, pc.struct_field(pairs, "name"), "")
    return _words(row[parents], names, pc.struct_field(pairs, "value"))


def _words(row: Array, name: str | pa.Array, value: pa.Array) -> Words:
    """Of the rows where there is a value."""
    words = pc.binary_join_element_wise(name, value.cast(pa.string()), "=").cast(pa.string())
    return row[np.asarray(words.is_valid())], words.drop_null()
