"""Everything that may be in a list of a chunk of users, with its exact scores."""

from dataclasses import dataclass

import numpy as np
import torch

from lsif.features.ragged import Array
from lsif.model.batch import Batch
from lsif.model.fusion_model import Items
from lsif.ranking.candidates import Catalogue, Found, candidates
from lsif.ranking.parts import Side, exact_scores, near_scores


@dataclass(frozen=True)
class Pool:
    """Scored pairs of users and items: the best own and the best new ones of each user.

    Attributes:
        row, item, order: position of the user in the chunk, number of the item, its place among the sorted ids [P].
        own: whether the item is in the user's history [P].
        now, before, nobody: the score with the user as known now, as known `recent_days` before, and unknown [P].
        near: what similar users say of it, of the score now [P].
    """

    row: Array
    item: Array
    order: Array
    own: Array
    now: Array
    before: Array
    nobody: Array
    near: Array

    def take(self, pairs: Array) -> "Pool":
        return Pool(**{name: values[pairs] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Wanted:
    """Pairs that are to be in a pool whatever their scores: positions of users in the chunk, and items [N] each."""

    row: Array
    item: Array


NO_WISHES = Wanted(np.zeros(0, np.int64), np.zeros(0, np.int64))


def pool(
    now: Side,
    before: Side,
    of: Catalogue,
    nobody: Array,
    k: int,
    items: Items | None = None,
    also: Wanted | None = None,
) -> Pool:
    """The `k` best own and the `k` best new items of each user, and some more.

    Args:
        now, before: the same users as known now and `recent_days` before.
        of: what is searched.
        nobody: the score of every item for a user of whom nothing is known [V].
        items: what is scored, where that is not what is searched.
        also: pairs that come too, each once.
    """
    with torch.inference_mode():
        found = candidates(now.interests, now.batch, of, k)
        if also is not None:
            found = _with(found, also, now.batch, len(of.order))
    item = found.item.numpy()
    scored = items or of.items
    scores = exact_scores((now, before), scored, found.row, found.item).numpy()
    return Pool(
        row=found.row.numpy(),
        item=item,
        order=of.order[item],
        own=found.own.numpy(),
        now=scores[0],
        before=scores[1],
        nobody=nobody[item],
        near=near_scores(now, scored, found.row, found.item).numpy(),
    )


def _with(found: Found, also: Wanted, batch: Batch, size: int) -> Found:
    """The pairs of `also` that were not found come last."""
    key = np.setdiff1d(also.row * size + also.item, found.row.numpy() * size + found.item.numpy())
    own = np.isin(key, own_keys(batch, size))
    more = Found(*(torch.from_numpy(values) for values in (key // size, key % size, own)))
    return Found(*(torch.cat([getattr(part, name) for part in (found, more)]) for name in ("row", "item", "own")))


def merged(one: Pool, other: Pool, size: int) -> Pool:
    """The pairs of two pools of the same users of a chunk, each once."""
    new = ~np.isin(other.row * size + other.item, one.row * size + one.item)
    return Pool(**{name: np.concatenate([getattr(one, name), values[new]]) for name, values in vars(other).items()})


def own_keys(batch: Batch, size: int) -> Array:
    """Position of the user * `size` + item of everything that users of a chunk have in their histories."""
    keys = []
    for mask, item in ((batch.history_mask, batch.history_item), (batch.tail_mask, batch.tail_item)):
        user, slot = mask.nonzero(as_tuple=True)
        keys.append((user * size + item[user, slot]).numpy())
    return np.concatenate(keys)
