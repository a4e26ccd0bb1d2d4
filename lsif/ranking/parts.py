"""Exact scores of pairs of users and items, whatever side of the user they are taken with.

Shapes: B users of the chunk, V items, L history rows, D width, P pairs of a user and an item.

The search (`candidates`) finds everything that could be among the best, with room for its own rounding; float64 then
computes those few pairs. So neither the chunk size, nor the thread count, nor a user's neighbours in the chunk, nor how
exact the search is can change a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lsif.model.batch import Batch
from lsif.model.fusion_model import FusionModel, Interests, Items

TILE = 16
"""Pairs of one user that are multiplied at once: a multiplication of a matrix is several times faster than of rows."""

TILES = 2**7
"""Tiles computed at once: their vectors stay in the processor's cache, and memory when a thousand items tie."""


@dataclass(frozen=True)
class Side:
    """The users' side of the scores of a chunk: what was known of them, and what the model makes of it."""

    batch: Batch
    interests: Interests


def side(model: FusionModel, batch: Batch, items: Items) -> Side:
    """Model, items and float features in float64."""
    batch = in_double(batch)
    with torch.inference_mode():
        return Side(batch, model(batch, items))


def in_double(batch: Batch) -> Batch:
    floats = ("history_features", "window_age", "user_features", "group_features")
    return replace(batch, **{name: getattr(batch, name).double() for name in floats})


def exact_scores(of: Side, items: Items, row: Tensor, item: Tensor) -> Tensor:
    """The score [P] of each pair, `row` the user's position in the chunk."""
    with torch.inference_mode():
        interests, batch, order = of.interests, of.batch, torch.argsort(row, stable=True)
        by_row = _products(interests.long + interests.short, items.vectors, row[order], item[order])
        score = torch.empty_like(by_row).index_copy_(0, order, by_row)
        for level in items.groups.T:
            score += interests.groups[row, level[item]]
        score += interests.popularity_gain[row] * items.popularity[item]
        pair, size = row * len(items.bias) + item, len(items.bias)
        there, at = _places(pair, batch.tail_item, batch.tail_mask, size)
        score[there] += interests.tail[at[0]]
        there, at = _places(pair, batch.history_item, batch.history_mask, size)
        score[there] = interests.repeat[at]
        return score + items.bias[item]


def _places(pair: Tensor, item: Tensor, mask: Tensor, size: int) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Which of the pairs [P] are among a batch's items [B, N], and for each of those its user and place there."""
    user, slot = mask.nonzero(as_tuple=True)
    keys, order = torch.sort(user * size + item[user, slot])
    if not len(keys):
        return keys, (keys, keys)
    at = torch.searchsorted(keys, pair).clamp(max=len(keys) - 1)
    (there,) = (keys[at] == pair).nonzero(as_tuple=True)
    found = order[at[there]]
    return there, (user[found], slot[found])


def _products(users: Tensor, vectors: Tensor, rows: Tensor, items: Tensor) -> Tensor:
    """Products of users' vectors [B, D] and items' of pairs [P] that are sorted by row, a user's pairs in tiles."""
    count = torch.bincount(rows, minlength=len(users))
    tiles = (count + TILE - 1) // TILE  # of each user
    before = torch.repeat_interleave(TILE * (tiles.cumsum(0) - tiles) - (count.cumsum(0) - count), count)
    place = torch.arange(len(rows), device=rows.device) + before
    owner = torch.repeat_interleave(tiles)
    filled = rows.new_zeros(len(owner) * TILE).index_copy_(0, place, items)
    made = [
        torch.bmm(_of_tiles(vectors, filled, some), users[owner[some], :, None])  # [tiles, TILE, 1]
        for some in _slices(len(owner), TILES)
    ]
    return torch.cat(made).view(-1)[place]


def _of_tiles(vectors: Tensor, items: Tensor, some: slice) -> Tensor:
    """Vectors [tiles, TILE, D] of some tiles of `items`."""
    chosen = items[some.start * TILE : some.stop * TILE]
    return vectors.index_select(0, chosen).view(-1, TILE, vectors.shape[1])


def _slices(count: int, size: int) -> Iterator[slice]:
    """At least one, and be it empty: a model of NaNs has no candidates, and the audit is to say so."""
    return (slice(at, min(at + size, count)) for at in range(0, max(count, 1), size))
