"""Everything that may be among a user's best own and best new items, by a product that need not be exact.

Shapes: B users of the chunk, U of them at once, V items, L history rows, D width, N groups, P pairs.

Vectors, popularity and bias are multiplied in bfloat16 where the processor does that four times faster than float32.
How far such a score may be from the exact one is bounded (`_error`), and what is not further than that below the k-th
best is a candidate. The scores lie as [V, U], so that groups, blocks and own items are rows of neighbouring numbers.
"""

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, pad

from lsif.features.ragged import Array
from lsif.model.batch import Batch
from lsif.model.fusion_model import Interests, Items
from lsif.ranking.popular import DECIMALS

BLOCK = 32
"""Items at most of which only the best is looked at in the search for the k-th best score."""

ROOM = 8
"""Blocks at least for each of the k: of fewer, most are needed to find k good scores, and much that is worse passes."""

USERS = 128
"""Users of one product: of fewer it is slow, of more what it made has left the processor's cache."""

Users = TypeVar("Users", Interests, Batch)


@dataclass(frozen=True)
class Catalogue:
    """Items as the search and the ranking read them, made once a night.

    Attributes:
        items: in float64; an item that must not be recommended has the bias -inf.
        order: place of each item in the order of ids, which breaks ties [V].
        columns: vector, popularity and bias as the product reads them; closed items fill the last block [V, D + 2].
        groups: numbers of the groups of each of them, one for each level [V, levels].
        size, lost: the most that an item has of vector length, popularity and bias, and loses in `columns` [3].
    """

    items: Items
    order: Array
    columns: Tensor
    groups: Tensor
    size: Tensor
    lost: Tensor


@dataclass(frozen=True)
class Found:
    """Candidates of a chunk.

    Attributes:
        row, item: pairs of a user and an item [P].
        own: whether the item is in the user's history [P].
    """

    row: Tensor
    item: Tensor
    own: Tensor


def product_type() -> torch.dtype:
    """bfloat16 where the processor multiplies it: elsewhere it is emulated, many times slower than float32."""
    able = torch.cpu.get_capabilities()
    fast = torch.backends.mkldnn.is_available() and (able.get("avx512_bf16") or able.get("amx_bf16"))
    return torch.bfloat16 if fast else torch.float32


def catalogue(items: Items, order: Array) -> Catalogue:
    shut = (items.bias == -torch.inf)[:, None]  # of a closed item nothing counts
    exact = torch.cat([items.vectors, items.popularity[:, None]], dim=1).masked_fill(shut, 0.0)
    exact = torch.cat([exact, items.bias[:, None]], dim=1)
    rough = exact.to(product_type())
    closed = -len(exact) % BLOCK
    columns = pad(rough, (0, 0, 0, closed))
    columns[len(exact) :, -1] = -torch.inf
    size, lost = exact.masked_fill(shut, 0.0), (exact - rough).masked_fill(shut, 0.0)
    groups = pad(items.groups, (0, 0, 0, closed))
    return Catalogue(items, order, columns, groups, _lengths(size).amax(0), _lengths(lost).amax(0))


def candidates(interests: Interests, batch: Batch, of: Catalogue, k: int) -> Found:
    """Everything that may be among the `k` best of each user's own items, or of those that are new to the user."""
    slices = (slice(start, start + USERS) for start in range(0, len(batch), USERS))
    found = [_found(cut(interests, some), cut(batch, some), of, k, some.start) for some in slices]
    return Found(*(torch.cat([getattr(part, field.name) for part in found]) for field in fields(Found)))


def _found(interests: Interests, batch: Batch, of: Catalogue, k: int, start: int) -> Found:
    dense, error = _dense(interests, batch, of)
    own_user, own_item = _own(interests, batch, of, (dense, error), k)
    for mask, had in ((batch.history_mask, batch.history_item), (batch.tail_mask, batch.tail_item)):
        user, slot = mask.nonzero(as_tuple=True)
        dense[had[user, slot], user] = -torch.inf
    blocks = dense.view(-1, _block(len(of.order), k), len(batch))
    best = blocks.amax(1)  # [V / BLOCK, U]
    least = _least(best, error, k)
    in_user, in_block = _where((best >= least).T)
    pair, at = _where(blocks[in_block, :, in_user] >= least[in_user, None])
    new_user, new_item = in_user[pair], in_block[pair] * blocks.shape[1] + at
    return Found(
        row=torch.cat([own_user, new_user]) + start,
        item=torch.cat([own_item, new_item]),
        own=torch.arange(len(own_user) + len(new_user)) < len(own_user),
    )


def _own(
    interests: Interests, batch: Batch, of: Catalogue, rough: tuple[Tensor, Tensor], k: int
) -> tuple[Tensor, Tensor]:
    """Users and items [N] of all that may be among the `k` best of what they had, by rows and rest of the history."""
    dense, error = rough
    users = torch.arange(len(batch))[:, None].expand_as(batch.tail_item)
    rows = (interests.repeat + of.items.bias[batch.history_item]).masked_fill(~batch.history_mask, -torch.inf)
    tail = dense[batch.tail_item, users].double().masked_fill(~batch.tail_mask, -torch.inf)
    score, item = torch.cat([rows, tail], dim=1), torch.cat([batch.history_item, batch.tail_item], dim=1)
    user, slot = _where(score >= _least(score.T.to(dense.dtype), error, k)[:, None])
    return user, item[user, slot]


def _block(items: int, k: int) -> int:
    """Items of a block: a power of two, so that whole blocks fill what is padded to `BLOCK`."""
    return min(BLOCK, 1 << max(items // (ROOM * k), 1).bit_length() - 1)


def _dense(interests: Interests, batch: Batch, of: Catalogue) -> tuple[Tensor, Tensor]:
    """Rough scores [V, U] as if every item stood in nobody's history rows, and how far they may be off [U].

    That is beside twice the rounding of the score itself, see `_least`.
    """
    kind = of.columns.dtype
    gain = interests.popularity_gain[:, None]
    exact = torch.cat([interests.long + interests.short, gain, torch.ones_like(gain)], dim=1)  # [U, D + 2]
    rough = exact.to(kind)
    dense = embedding_bag(of.groups, interests.groups.T.to(kind).contiguous(), mode="sum")
    user, slot = batch.tail_mask.nonzero(as_tuple=True)
    dense[batch.tail_item[user, slot], user] += interests.tail[user].to(kind)
    dense.addmm_(of.columns, rough.T)
    sums = of.groups.shape[1] * interests.groups.abs().amax(1) + interests.tail.abs()
    return dense, _error(exact, rough.to(exact.dtype), sums, of)


def _error(exact: Tensor, rough: Tensor, sums: Tensor, of: Catalogue) -> Tensor:
    """How far a product may be from the exact score [U]: what users and items lost, summing in float32, `sums`.

    `sums` bounds groups and tail: they are rounded, added, rounded at each addition, added to the tail, rounded, and
    added to the product, whose own rounding is at most that of the score and of `sums`.
    """
    roundings = of.groups.shape[1] + 2  # of two levels four: each number, their sum, with the tail, with the product
    lost = _lengths(exact - rough) @ of.size + _lengths(rough) @ of.lost
    summing = 2 * exact.shape[1] * torch.finfo(torch.float32).eps * (_lengths(rough) @ of.size)
    rounded = roundings * _rounding(of.columns.dtype) * sums
    return lost + summing + rounded + 10**-DECIMALS  # pairs tie when they are rounded


def _least(best: Tensor, error: Tensor, k: int) -> Tensor:
    """The least rough score that a candidate may have [U].

    The k-th best of the blocks' maxima [V / BLOCK, U] is reached by at least `k` scores: no two are of the same item.
    Less `error` and its own rounding it is reached by `k` exact scores, and less as much again by the rough score of
    whatever is better. (1/32 more, because one rounding is of this score, the other of that one.)
    """
    place = max(len(best) - k, 0)
    last = torch.from_numpy(np.partition(best.T.float().contiguous().numpy(), place, axis=1)[:, place]).double()
    room = 2 * (1 + 1 / 32) * (error + 2 * _rounding(best.dtype) * last.abs())
    # Never below the least finite number: what has the score -inf must not come in where a list is short.
    return (last - room).clamp(min=torch.finfo(best.dtype).min)


def _where(true: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns [P], row by row: torch's own takes four times as long."""
    row, column = np.divmod(np.flatnonzero(true.numpy()), true.shape[1])
    return torch.from_numpy(row), torch.from_numpy(column)


def _rounding(kind: torch.dtype) -> float:
    """The most that rounding takes from a number, as a part of it."""
    return torch.finfo(kind).eps / 2


def _lengths(columns: Tensor) -> Tensor:
    """Length of the vector, size of what popularity and bias stand for [n, 3]: their products bound a score's."""
    return torch.cat([columns[:, :-2].norm(dim=1, keepdim=True), columns[:, -2:].abs()], dim=1)


def cut(values: Users, some: slice | Tensor) -> Users:
    """Some of the users: a slice, or their positions."""
    return replace(values, **{name: value[some] for name, value in vars(values).items()})
