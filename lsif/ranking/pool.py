"""Everything that may be in a list of a chunk of users, with its exact scores."""

from dataclasses import dataclass

import torch

from lsif.features.ragged import Array
from lsif.ranking.candidates import Catalogue, candidates
from lsif.ranking.parts import Side, exact_scores


@dataclass(frozen=True)
class Pool:
    """Scored pairs of users and items: the best own and the best new ones of each user.

    Attributes:
        row, item, order: position of the user in the chunk, number of the item, its place among the sorted ids [P].
        own: whether the item is in the user's history [P].
        now, before, nobody: the score with the user as known now, as known `recent_days` before, and unknown [P].
    """

    row: Array
    item: Array
    order: Array
    own: Array
    now: Array
    before: Array
    nobody: Array

    def take(self, pairs: Array) -> "Pool":
        return Pool(**{name: values[pairs] for name, values in vars(self).items()})


def pool(now: Side, before: Side, of: Catalogue, nobody: Array, k: int) -> Pool:
    """The `k` best own and the `k` best new items of each user, and some more.

    Args:
        now, before: the same users as known now and `recent_days` before.
        nobody: the score of every item for a user of whom nothing is known [V].
    """
    with torch.inference_mode():
        found = candidates(now.interests, now.batch, of, k)
    item = found.item.numpy()
    scores = exact_scores((now, before), of.items, found.row, found.item).numpy()
    return Pool(
        row=found.row.numpy(),
        item=item,
        order=of.order[item],
        own=found.own.numpy(),
        now=scores[0],
        before=scores[1],
        nobody=nobody[item],
    )
