"""The best items of a chunk of users, and the additive parts of their scores.

Shapes: B users of the chunk, V items, L history rows, D width, P pairs of a user and an item.

Two steps make lists that are fast to find and equal on every machine. The search (`candidates`) finds everything that
could be among the best, with room for its own rounding; float64 then computes those few pairs part by part, rounds,
and ranks them. So neither the chunk size, nor the thread count, nor a user's neighbours in the chunk, nor how exact the
search is can change a row.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from lsif.features.ragged import Array
from lsif.model.batch import Batch
from lsif.model.fusion_model import FusionModel, Interests
from lsif.ranking.candidates import Catalogue, Found, candidates
from lsif.ranking.popular import DECIMALS
from lsif.ranking.rows import Ranked

TILE = 16
"""Pairs of one user that are multiplied at once: a multiplication of a matrix is several times faster than of rows."""

TILES = 2**7
"""Tiles computed at once: their vectors stay in the processor's cache, and memory when a thousand items tie."""

CELLS = 16
"""Cells at most for each pair of the table in which pairs are sorted."""


def best_items(model: FusionModel, batch: Batch, catalogue: Catalogue, k: int) -> Ranked:
    """The `k` best items of every user of the batch; model and float features in float64."""
    with torch.inference_mode():
        return ranked(model(batch, catalogue.items), batch, catalogue, k)


def ranked(interests: Interests, batch: Batch, catalogue: Catalogue, k: int) -> Ranked:
    """The same of what the model made of the batch's users."""
    with torch.inference_mode():
        found = candidates(interests, batch, catalogue, k)
        row, item = (torch.cat(pair).numpy() for pair in ((found.row, found.own_row), (found.item, found.own_item)))
        parts = torch.cat([_new(interests, batch, catalogue, found), _own(interests, catalogue, found)]).numpy()
    score = parts.sum(1).round(DECIMALS) + 0.0  # + 0.0: no negative zero
    best = _best(row, score, catalogue.order[item], k)
    return Ranked(row[best], item[best], parts[best], score[best], interests.alpha.numpy()[row[best]])


def in_double(batch: Batch) -> Batch:
    floats = ("history_features", "window_age", "user_features", "group_features")
    return replace(batch, **{name: getattr(batch, name).double() for name in floats})


def _new(interests: Interests, batch: Batch, catalogue: Catalogue, found: Found) -> Tensor:
    """Parts [P, 4] of items that are in nobody's history rows."""
    rows, items = found.row, found.item
    long, short = _products(interests, catalogue, rows, items).T
    groups = sum(interests.groups[rows, level[items]] for level in catalogue.items.groups.T)
    tail = _in_tail(batch, rows, items, len(catalogue.order))
    popular = catalogue.items.bias[items] + interests.popularity_gain[rows] * catalogue.items.popularity[items]
    return torch.stack([long + groups, short, interests.tail[rows] * tail, popular], dim=1)


def _in_tail(batch: Batch, rows: Tensor, items: Tensor, catalogue: int) -> Tensor:
    """Which pairs [P] are of a user and an item of the tail."""
    user, slot = batch.tail_mask.nonzero(as_tuple=True)
    return torch.isin(rows * catalogue + items, user * catalogue + batch.tail_item[user, slot])


def _own(interests: Interests, catalogue: Catalogue, found: Found) -> Tensor:
    """Parts [P, 4] of the users' own items."""
    parts = interests.long.new_zeros(len(found.own_row), 4)
    parts[:, 2], parts[:, 3] = found.own_repeat, catalogue.items.bias[found.own_item]
    return parts


def _products(interests: Interests, catalogue: Catalogue, rows: Tensor, items: Tensor) -> Tensor:
    """long·e and short·e of pairs [P, 2] that are sorted by row, a user's pairs in tiles."""
    both = torch.stack([interests.long, interests.short], dim=1)  # [B, 2, D]
    count = torch.bincount(rows, minlength=len(both))
    tiles = (count + TILE - 1) // TILE  # of each user
    before = torch.repeat_interleave(TILE * (tiles.cumsum(0) - tiles) - (count.cumsum(0) - count), count)
    place = torch.arange(len(rows), device=rows.device) + before
    owner = torch.repeat_interleave(tiles)
    filled = rows.new_zeros(len(owner) * TILE).index_copy_(0, place, items)
    made = [
        torch.bmm(_of_tiles(catalogue.items.vectors, filled, some), both[owner[some]].mT)  # [tiles, TILE, 2]
        for some in _slices(len(owner), TILES)
    ]
    return torch.cat(made).view(-1, 2)[place]


def _of_tiles(vectors: Tensor, items: Tensor, some: slice) -> Tensor:
    """Vectors [tiles, TILE, D] of some tiles of `items`."""
    chosen = items[some.start * TILE : some.stop * TILE]
    return vectors.index_select(0, chosen).view(-1, TILE, vectors.shape[1])


def _best(row: Array, score: Array, order: Array, k: int) -> Array:
    """Positions of each row's `k` best pairs, by row, falling score and `order`."""
    by_row = np.argsort(row, kind="stable")
    row = row[by_row]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    shape = (row[-1] + 1 if len(row) else 0, place.max(initial=-1) + 1)
    if shape[0] * shape[1] > CELLS * len(row):  # one user's thousand ties would make a place in every other's row
        flat = by_row[np.lexsort((order[by_row], -score[by_row], row))]
        return flat[place < k]
    # Rows of a table are sorted five times faster than the flat pairs. What is past a row's end comes last.
    table = np.full(shape, np.inf)
    ties, pair = np.zeros(shape, order.dtype), np.full(shape, -1)
    table[row, place], ties[row, place], pair[row, place] = -score[by_row], order[by_row], by_row
    best = np.take_along_axis(pair, np.lexsort((ties, table), axis=1)[:, :k], axis=1).ravel()
    return best[best >= 0]


def _slices(count: int, size: int) -> Iterator[slice]:
    """At least one, and be it empty: a model of NaNs has no candidates, and the audit is to say so."""
    return (slice(at, min(at + size, count)) for at in range(0, max(count, 1), size))
