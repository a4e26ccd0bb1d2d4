"""Exact scores of pairs of users and items, whatever side of the user they are taken with.

Shapes: B users of the chunk, V items, L history rows, D width, P pairs of a user and an item, S sides of the users.

The search (`candidates`) finds everything that could be among the best, with room for its own rounding; float64 then
computes those few pairs. So neither the chunk size, nor the thread count, nor a user's neighbours in the chunk, nor how
exact the search is can change a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lsif.model.batch import Batch
from lsif.model.fusion_model import FusionModel, Interests, Items, Reading

TILE = 16
"""Pairs of one user that are multiplied at once: a multiplication of a matrix is several times faster than of rows."""

TILES = 2**7
"""Tiles computed at once: their vectors stay in the processor's cache, and memory when a thousand items tie."""


@dataclass(frozen=True)
class Side:
    """The users' side of the scores of a chunk: what was known of them, and what the model makes of it."""

    batch: Batch
    interests: Interests
    reading: Reading | None = None


def side(model: FusionModel, batch: Batch, items: Items) -> Side:
    """Model, items and float features in float64."""
    batch = in_double(batch)
    with torch.inference_mode():
        return Side(batch, *model.read(batch, items))


def in_double(batch: Batch) -> Batch:
    floats = ("history_features", "window_age", "search_text", "search_age", "user_features", "group_features")
    return replace(batch, **{name: getattr(batch, name).double() for name in floats})


def exact_scores(sides: Sequence[Side], items: Items, row: Tensor, item: Tensor) -> Tensor:
    """The score [S, P] of each pair with each of some sides of the users, `row` the user's position in the chunk."""
    with torch.inference_mode():
        users = torch.stack([side.interests.long + side.interests.short for side in sides], dim=-1)  # [B, D, S]
        score = _of_pairs(users, items.vectors, row, item).T.contiguous()
        groups, popularity, bias = (of.index_select(0, item) for of in (items.groups, items.popularity, items.bias))
        pair = row * len(items.bias) + item
        for mine, side in zip(score, sides, strict=True):
            of_groups = side.interests.groups
            for group in groups.T:
                mine.add_(of_groups.flatten().index_select(0, row * of_groups.shape[1] + group))
            mine.add_(side.interests.popularity_gain.index_select(0, row) * popularity)
            _add_own(mine, side, pair, len(items.bias))
        return score.add_(bias)


def near_scores(of: Side, items: Items, row: Tensor, item: Tensor) -> Tensor:
    """What of each pair's score stands among the factors, where similar users are [P]: nothing of a history row's."""
    width, pair = items.vectors.shape[1] - items.factors.shape[1], row * len(items.bias) + item
    with torch.inference_mode():
        users = (of.interests.long + of.interests.short)[:, width:, None]
        near = _of_pairs(users, items.vectors[:, width:], row, item)[:, 0]
        near[_places(pair, of.batch.history_item, of.batch.history_mask, len(items.bias))[0]] = 0
        return near


def _add_own(score: Tensor, of: Side, pair: Tensor, size: int) -> None:
    """What a pair's score [P] has beside, or is instead, where the user had the item; `pair` is row * size + item."""
    there, at = _places(pair, of.batch.tail_item, of.batch.tail_mask, size)
    score[there] += of.interests.tail[at[0]]
    there, at = _places(pair, of.batch.history_item, of.batch.history_mask, size)
    score[there] = of.interests.repeat[at]


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


def _of_pairs(users: Tensor, vectors: Tensor, row: Tensor, item: Tensor) -> Tensor:
    """Products [P, S] of users' vectors [B, D, S] and items' of pairs [P] in any order."""
    order = torch.argsort(row, stable=True)
    by_row = _products(users, vectors, row[order], item[order])
    return torch.empty_like(by_row).index_copy_(0, order, by_row)


def _products(users: Tensor, vectors: Tensor, rows: Tensor, items: Tensor) -> Tensor:
    """Products [P, S] of users' vectors [B, D, S] and items' of pairs [P] that are sorted by row, a user's in tiles."""
    count = torch.bincount(rows, minlength=len(users))
    tiles = (count + TILE - 1) // TILE  # of each user
    before = torch.repeat_interleave(TILE * (tiles.cumsum(0) - tiles) - (count.cumsum(0) - count), count)
    place = torch.arange(len(rows), device=rows.device) + before
    owner = torch.repeat_interleave(tiles)
    filled = rows.new_zeros(len(owner) * TILE).index_copy_(0, place, items)
    made = [
        torch.bmm(_of_tiles(vectors, filled, some), users.index_select(0, owner[some]))  # [tiles, TILE, S]
        for some in _slices(len(owner), TILES)
    ]
    return torch.cat(made).view(-1, users.shape[2]).index_select(0, place)


def _of_tiles(vectors: Tensor, items: Tensor, some: slice) -> Tensor:
    """Vectors [tiles, TILE, D] of some tiles of `items`."""
    chosen = items[some.start * TILE : some.stop * TILE]
    return vectors.index_select(0, chosen).view(len(chosen) // TILE, TILE, vectors.shape[1])


def _slices(count: int, size: int) -> Iterator[slice]:
    """At least one, and be it empty: a model of NaNs has no candidates, and the audit is to say so."""
    return (slice(at, min(at + size, count)) for at in range(0, max(count, 1), size))
