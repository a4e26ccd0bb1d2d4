"""What the stopping cutoff says of a model: the loss of each list, and the NDCG of the full ranking."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lsif.evaluation.metrics import ndcg
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning.loss import listwise_loss
from lsif.learning.step import Example, marks, taken_again
from lsif.learning.targets import Targets
from lsif.memory import release_unused
from lsif.model.batch import Batch, batch_of
from lsif.model.fusion_model import FusionModel, new_to_user

BothLists = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]
CHUNK = 64
"""Users at once. Of 92,000 items a score each is 24 MB, and a loss makes several such tables: for more they wait."""
TIDY = 16
"""Chunks after which freed memory is given back: between what stays of each, tables of all items leave holes."""
OFFSETS = tuple(sorted((step / 4 for step in range(-8, 25)), key=abs))
"""Differences of level that are tried; of equals the smallest is taken."""


@dataclass(frozen=True)
class Watched:
    """What a cutoff says of a model.

    Attributes:
        level: what to add to the level of the history rows so that the NDCG is best.
        ndcg: that NDCG, of the full ranking.
        new_loss, own_loss: of the list of what is new to a user, and of that of the history rows; means over users.
    """

    level: float
    ndcg: float
    new_loss: float
    own_loss: float


@torch.no_grad()
def watched(model: FusionModel, example: Example, index: ItemIndex, k: int) -> Watched:
    """Rank and judge every active user of the example; the NDCG is at k."""
    users = example.targets.active()
    items = model.eval().all_items(index, example.snapshot.item_features, example.snapshot.item_factors)
    lists, losses = [], []
    for number, rows in enumerate(row_chunks(users)):
        if number % TIDY == 0:
            release_unused()
        batch = batch_of(example.snapshot, rows).to(items.vectors.device)
        interests = model(batch, items)
        new, own = new_to_user(interests, batch, items), interests.repeat
        there = marks(batch.history_item, batch.history_mask, len(index))
        positive = marks(*example.targets.padded(rows), len(index)).to(new.device)
        lists.append(_both_lists(new, there, own, batch, k))
        losses.append(_losses(new, there, own, batch, positive))
    total = torch.stack(losses).sum(0)
    new_loss, own_loss = (total[:, 0] / total[:, 1].clamp(min=1)).tolist()
    return Watched(*_best_level(lists, example.targets, users, k, len(index)), new_loss, own_loss)


def _best_level(lists: list[BothLists], targets: Targets, users: Array, k: int, items: int) -> tuple[float, float]:
    """What to add to the level of the history rows so that the mean NDCG at k is best, and that NDCG.

    What training leaves between the two lists is too low where the list of new items was learned by heart: training
    users' new items look surer than anyone's will. So the difference is taken where nothing was learned from.
    """
    new, own = (tuple(torch.cat(parts) for parts in zip(*both, strict=True)) for both in zip(*lists, strict=True))
    item, value = torch.cat([new[0], own[0]], dim=1), torch.cat([new[1], own[1]], dim=1)
    lifted = torch.zeros_like(value)
    lifted[:, new[1].shape[1] :] = 1
    judged = []
    for offset in OFFSETS:
        best = (value + offset * lifted).topk(min(k, value.shape[1]), dim=1)
        ranked = item.gather(1, best.indices).masked_fill(best.values.isinf(), items)
        judged.append(mean_ndcg(ranked.cpu().numpy(), targets, users))
    best_of = int(np.argmax(judged))
    return OFFSETS[best_of], judged[best_of]


def _both_lists(new: Tensor, there: Tensor, own: Tensor, batch: Batch, k: int) -> BothLists:
    """Items and scores [B, k] of the best that are new to each user, and of the best of the history rows."""
    best = new.masked_fill(there, -torch.inf).topk(min(k, new.shape[1]), dim=1)
    listed = own.masked_fill(~batch.history_mask, -torch.inf)
    rows = torch.nn.functional.pad(listed, (0, max(0, k - own.shape[1])), value=-torch.inf).topk(k, dim=1)
    at = rows.indices.clamp(max=batch.history_item.shape[1] - 1)
    return (best.indices, best.values), (batch.history_item.gather(1, at), rows.values)


def _losses(new: Tensor, there: Tensor, own: Tensor, batch: Batch, positive: Tensor) -> Tensor:
    """Sum over users of the loss of either list, and how many users have anything in it [2, 2]."""
    again = taken_again(positive, batch)
    found = []
    for logits, taken, listed in ((new, positive & ~there, ~there), (own, again, batch.history_mask)):
        users = taken.any(1).sum()
        loss = listwise_loss(logits, taken, torch.where(listed, 0.0, -torch.inf))
        found.append(torch.stack([loss * users, users.to(loss.dtype)]))
    return torch.stack(found).double()


def row_chunks(users: Array, size: int = CHUNK) -> list[Array]:
    return np.array_split(users, max(1, -(-len(users) // size)))


def mean_ndcg(ranked: Array, targets: Targets, users: Array) -> float:
    """Mean NDCG of ranked lists [N, k] over their users; cold targets count as misses."""
    span = int(max(ranked.max(initial=0), targets.item.max(initial=0))) + 1
    owner = np.repeat(np.arange(len(targets.total)), np.diff(targets.start))
    hits = np.isin(users[:, None] * span + ranked, owner * span + targets.item)
    return float(ndcg(hits, targets.total[users]).mean())
