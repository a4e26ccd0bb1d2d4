"""The best items of a chunk of users, and the additive parts of their scores.

Shapes: B users of the chunk, V items, L history rows, D width, P pairs of a user and an item.

Two steps make lists that are fast to find and equal on every machine. A dense float32 product finds everything that
could be among the best, with room for its own rounding; float64 then computes those few pairs part by part, rounds,
and ranks them. So neither the chunk size, nor the thread count, nor a user's neighbours in the chunk can change a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from lsif.model.batch import Batch
from lsif.model.fusion_model import FusionModel, Interests, Items, scores
from lsif.model.ragged import Array
from lsif.ranking.popular import DECIMALS

SLACK = 1e-4
"""Relative and absolute room for float32 rounding; some hundred times what it is."""
PAIRS = 2**16
"""Pairs computed at once: bounds memory when a thousand items tie."""

BLOCK = 32
"""Items of which only the best is looked at in the search for the k-th best score."""

DENSE_USERS = 64
"""Users of the dense product at once: of fewer it is slow, of more what it made has left the processor's cache."""

Parts = TypeVar("Parts", Interests, Items)
Users = TypeVar("Users", Interests, Batch)


@dataclass(frozen=True)
class Ranked:
    """Lists of a chunk, flat, in order of user and rank.

    Attributes:
        row: the user's position in the chunk [P].
        item: item number [P].
        parts: long, short, repeat, popularity (with the item's bias); they add up to the score [P, 4].
        score: rounded sum of the parts [P].
        alpha: the user's long share of the gate [P].
    """

    row: Array
    item: Array
    parts: Array
    score: Array
    alpha: Array


def best_items(model: FusionModel, batch: Batch, items: Items, order: Array, k: int) -> Ranked:
    """The `k` best items of every user of the batch.

    Args:
        model, items: in float64; an item that must not be recommended has the bias -inf.
        batch: float features in float64.
        order: place of each item in the order of ids, which breaks ties [V].
    """
    with torch.inference_mode():
        return ranked(model(batch, items), batch, items, order, k)


def ranked(interests: Interests, batch: Batch, items: Items, order: Array, k: int) -> Ranked:
    """The same of what the model made of the batch's users."""
    with torch.inference_mode():
        rows, columns = _candidates(interests, batch, items, k)
        parts = np.concatenate([_parts(interests, batch, items, r, c) for r, c in _slices(rows, columns)])
    row, item = rows.numpy(), columns.numpy()
    score = parts.sum(1).round(DECIMALS) + 0.0  # + 0.0: no negative zero
    best = np.lexsort((order[item], -score, row))
    rank = np.arange(len(best)) - np.searchsorted(row[best], row[best])
    best = best[rank < k]
    alpha = interests.alpha.numpy()[row[best]]
    return Ranked(row[best], item[best], parts[best], score[best], alpha)


def in_double(batch: Batch) -> Batch:
    floats = ("history_features", "window_age", "user_features", "group_features")
    return replace(batch, **{name: getattr(batch, name).double() for name in floats})


def _candidates(interests: Interests, batch: Batch, items: Items, k: int) -> tuple[Tensor, Tensor]:
    """Rows and columns [P] of everything that may be among the `k` best, ordered by row."""
    users, catalogue = _single(interests), _single(items)
    found = []
    for start in range(0, len(batch), DENSE_USERS):
        some = slice(start, start + DENSE_USERS)
        dense = scores(_cut(users, some), _cut(batch, some), catalogue)  # [DENSE_USERS, V]
        last = _at_most_kth(dense, k)
        # Never below the least finite number: what has the score -inf must not come in where a list is short.
        least = (last - SLACK * (1 + last.abs())).clamp(min=torch.finfo(dense.dtype).min)
        best = (dense >= least).nonzero()  # [P, 2], row by row
        best[:, 0] += start
        found.append(best)
    rows, columns = torch.cat(found).T
    return rows, columns


def _at_most_kth(dense: Tensor, k: int) -> Tensor:
    """A number that at least `k` scores of each row reach, and few more [B, 1].

    The k-th best of the maxima of so many blocks: each is a score of the row, and no two are the same item. A maximum
    is several times faster than the selection that it spares.
    """
    users, items = dense.shape
    if items >= k * BLOCK:
        whole = items - items % BLOCK
        blocks = dense[:, :whole].view(users, BLOCK, -1).amax(1)
        if items > whole:
            blocks = torch.cat([blocks, dense[:, whole:].amax(1, keepdim=True)], dim=1)
        dense = blocks
    return dense.topk(min(k, dense.shape[1]), dim=1).values[:, -1:]


def _parts(interests: Interests, batch: Batch, items: Items, rows: Tensor, columns: Tensor) -> Array:
    vectors = items.vectors[columns]  # [P, D]
    own = (batch.history_item[rows] == columns[:, None]) & batch.history_mask[rows]  # [P, L]
    new = ~own.any(1)
    tail = ((batch.tail_item[rows] == columns[:, None]) & batch.tail_mask[rows]).any(1)
    groups = sum(interests.groups[rows, level[columns]] for level in items.groups.T)
    parts = (
        ((interests.long[rows] * vectors).sum(1) + groups) * new,
        (interests.short[rows] * vectors).sum(1) * new,
        (interests.repeat[rows] * own).sum(1) + interests.tail[rows] * tail,
        items.bias[columns] + interests.popularity_gain[rows] * items.popularity[columns] * new,
    )
    return torch.stack(parts, dim=1).numpy()


def _slices(rows: Tensor, columns: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """At least one, and be it empty: a model of NaNs has no candidates, and the audit is to say so."""
    return ((rows[at : at + PAIRS], columns[at : at + PAIRS]) for at in range(0, max(len(rows), 1), PAIRS))


def _cut(values: Users, some: slice) -> Users:
    return replace(values, **{name: value[some] for name, value in vars(values).items()})


def _single(values: Parts) -> Parts:
    floats = {name: value.float() for name, value in vars(values).items() if value.is_floating_point()}
    return replace(values, **floats)
