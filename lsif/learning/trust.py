"""How far each source of a new item's score is believed: one number each, taken where nothing was learned from."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from lsif.evaluation.metrics import ndcg
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning.step import Example, marks
from lsif.learning.sure import surely_best
from lsif.learning.validation import row_chunks
from lsif.model.batch import batch_of
from lsif.model.fusion_model import SOURCES, FusionModel, Interests, Items
from lsif.model.group_term import of_items

GRID = (1.0, 0.5, 0.25, 0.125)
"""What a source may count for. None falls silent, for of an item that nobody had yet one source alone says anything."""
LEVELS = tuple((1.0, 0.0) if source == "takers" else GRID for source in SOURCES)
"""By source: takers say much or nothing, and an item that has some is known by its popularity too."""
CHOICES = torch.tensor(list(product(*LEVELS)))
"""Every combination [C, 5], full trust first."""
LEAST = torch.tensor([levels[-1] for levels in LEVELS])
CORNERS = torch.stack([torch.ones(len(SOURCES)), LEAST, *(torch.ones(len(SOURCES)) + torch.diag(LEAST - 1))])
"""Full trust, the least in all, and the least in each source alone [7, 5]."""
JUDGED = 20
"""Twice as deep as a list is judged: a small log has few users, and that shows more of what each one took."""
MOST_USERS = 4096
"""Users looked at: of more, evenly spaced ones."""
CHUNK, BEST = 64, 64
"""Users at once, since every source has a score of every item; and of each corner the items that are judged again."""


@dataclass(frozen=True)
class Pool:
    """Items [B, M] that come near the top of a user's list of new ones, and the parts of their scores.

    Attributes:
        count: what the popularity term starts as [B, M], -inf where an item stands twice or is no candidate.
        sources: what each of `SOURCES` adds at full trust [5, B, M].
        taken: [B, M].
        relevant: how many new items each user took in all [B].
    """

    count: Tensor
    sources: Tensor
    taken: Tensor
    relevant: Tensor

    def ndcg(self, trust: Tensor) -> Array:
        """Of each user's list [B], at the trust in each source [5]."""
        score = self.count + torch.einsum("s,sbm->bm", trust, self.sources)
        best = score.topk(min(JUDGED, score.shape[1]), dim=1).indices
        return ndcg(self.taken.gather(1, best).numpy(), self.relevant.numpy())


@torch.no_grad()
def trusted(model: FusionModel, example: Example, index: ItemIndex) -> Tensor:
    """The trust in each of `SOURCES` [5] with which the list of what is new to a user has the best NDCG.

    The loss is a mean over all that a user took, most of which stands far below what a list shows: what tells those
    items apart may spoil the order at the top, where a small log has few examples. So each source is weighed where none
    was fitted, as in stacking (Wolpert, 1992), by what the list is judged by. Full trust stays unless the best is more
    than one standard error better.

    Args:
        model: with full trust in every source.
        example: of a cutoff that the model did not learn from.
    """
    items = model.eval().all_items(index, example.snapshot.item_features, example.snapshot.item_factors)
    pools = [pool(model, example, items, rows) for rows in row_chunks(example.targets.active(MOST_USERS), CHUNK)]
    return best_choice([np.concatenate([some.ndcg(trust) for some in pools]) for trust in CHOICES])


def best_choice(judged: list[Array]) -> Tensor:
    """The best of `CHOICES`, from what each user's list is worth at each of them [B] each."""
    return CHOICES[surely_best(judged, errors=1)]


def pool(model: FusionModel, example: Example, items: Items, rows: Array) -> Pool:
    """Of the users at `rows` who took anything that was new to them."""
    batch, size = batch_of(example.snapshot, rows).to(items.vectors.device), len(items.category)
    had = marks(batch.history_item, batch.history_mask, size) | marks(batch.tail_item, batch.tail_mask, size)
    item, mask = (part.to(had.device) for part in example.targets.padded(rows))
    taken = marks(item, mask, size) & ~had
    features = torch.tensor(example.snapshot.item_features, device=had.device)
    count, sources = _by_source(model, model(batch, items), items, model.popularity.count(features))
    count = count.masked_fill(had, -torch.inf)
    scores = (count + torch.einsum("s,sbv->bv", trust, sources) for trust in CORNERS.to(count.device))
    near = torch.cat([score.topk(min(BEST, size), dim=1).indices for score in scores], dim=1).sort(dim=1).values
    twice = torch.nn.functional.pad(near[:, 1:] == near[:, :-1], (1, 0))
    user = taken.any(1)
    return Pool(
        count=count.gather(1, near).masked_fill(twice, -torch.inf)[user].cpu(),
        sources=sources.take_along_dim(near[None], dim=2)[:, user].cpu(),
        taken=(taken.gather(1, near) & ~twice)[user].cpu(),
        relevant=taken.sum(1)[user].cpu(),
    )


def _by_source(model: FusionModel, interests: Interests, items: Items, count: Tensor) -> tuple[Tensor, Tensor]:
    """The users' scores of new items, apart: of the count [B, V], and what each of `SOURCES` adds [5, B, V]."""
    both, width, gain = interests.long + interests.short, model.shape.width, interests.popularity_gain[:, None]
    texts, near = (both[:, part] @ items.vectors[:, part].T for part in (slice(width), slice(width, None)))
    neighbours = both[:, width:] @ items.factors.T
    groups = torch.stack([of_items(interests.groups, level) for level in items.groups.T]).sum(0)
    return gain * count, torch.stack([texts, neighbours, near - neighbours, groups, gain * (items.popularity - count)])
