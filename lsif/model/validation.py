"""What the stopping cutoff says of a model: the loss of each list, and the NDCG of the full ranking."""

import numpy as np
import torch
from torch import Tensor

from lsif.evaluation.metrics import ndcg
from lsif.model.batch import Batch, padded
from lsif.model.fusion_model import FusionModel, Interests, Items, new_to_user, scores
from lsif.model.loss import listwise_loss
from lsif.model.ragged import Array, slices
from lsif.model.snapshot import Snapshot
from lsif.model.step import Example, marks
from lsif.model.targets import Targets
from lsif.model.vocabulary import ItemIndex

CHUNK = 512
OFFSETS = tuple(sorted((step / 4 for step in range(-8, 25)), key=abs))
"""Differences of level that are tried; of equals the smallest is taken."""


@torch.no_grad()
def top_items(model: FusionModel, snapshot: Snapshot, index: ItemIndex, users: Array, k: int) -> Array:
    """The k best items of each user, best first [len(users), k]."""
    model.eval()
    items = model.all_items(index, snapshot.item_features, snapshot.item_factors)
    best = []
    for rows in _rows(users):
        batch = snapshot.batch(rows).to(items.vectors.device)
        best.append(scores(model(batch, items), batch, items).topk(k).indices.cpu())
    return torch.cat(best).numpy()


@torch.no_grad()
def best_level(model: FusionModel, example: Example, index: ItemIndex, k: int) -> tuple[float, float]:
    """What to add to the level of the history rows so that the NDCG at k is best, and that NDCG.

    What training leaves between the two lists is too low where the list of new items was learned by heart: training
    users' new items look surer than anyone's will. So the difference is taken where nothing was learned from.
    """
    users = example.targets.active()
    items = model.eval().all_items(index, example.snapshot.item_features, example.snapshot.item_factors)
    found = [
        _both_lists(model, example.snapshot.batch(rows).to(items.vectors.device), items, k) for rows in _rows(users)
    ]
    new, own = (tuple(torch.cat(parts) for parts in zip(*lists, strict=True)) for lists in zip(*found, strict=True))
    item, value = torch.cat([new[0], own[0]], dim=1), torch.cat([new[1], own[1]], dim=1)
    lifted = torch.zeros_like(value)
    lifted[:, new[1].shape[1] :] = 1
    judged = []
    for offset in OFFSETS:
        best = (value + offset * lifted).topk(min(k, value.shape[1]), dim=1)
        ranked = item.gather(1, best.indices).masked_fill(best.values.isinf(), len(index))
        judged.append(mean_ndcg(ranked.cpu().numpy(), example.targets, users))
    best_of = int(np.argmax(judged))
    return OFFSETS[best_of], judged[best_of]


@torch.no_grad()
def list_losses(model: FusionModel, example: Example, index: ItemIndex) -> tuple[float, float]:
    """Loss of the list of what is new to a user, and of the list of the history rows; means over users."""
    users = example.targets.active()
    items = model.eval().all_items(index, example.snapshot.item_features, example.snapshot.item_factors)
    found = []
    for rows in _rows(users):
        batch = example.snapshot.batch(rows).to(items.vectors.device)
        taken, owner = slices(example.targets.start, rows)
        target, there = (padded(values, owner, len(rows)) for values in (example.targets.item[taken], taken >= 0))
        positive = marks(target, there, len(index)).to(items.vectors.device)
        found.append(_losses(model(batch, items), batch, items, positive).double())
    total = torch.stack(found).sum(0)
    new, own = (total[:, 0] / total[:, 1].clamp(min=1)).tolist()
    return new, own


def _losses(interests: Interests, batch: Batch, items: Items, positive: Tensor) -> Tensor:
    """Sum over users of the loss of either list, and how many users have anything in it [2, 2]."""
    own, mask = marks(batch.history_item, batch.history_mask, positive.shape[1]), batch.history_mask
    again = positive.gather(1, batch.history_item) & mask
    lists = ((new_to_user(interests, batch, items), positive & ~own, ~own), (interests.repeat, again, mask))
    found = []
    for logits, taken, listed in lists:
        users = taken.any(1).sum()
        loss = listwise_loss(logits, taken, torch.where(listed, 0.0, -torch.inf))
        found.append(torch.stack([loss * users, users.to(loss.dtype)]))
    return torch.stack(found)


def _both_lists(model: FusionModel, batch: Batch, items: Items, k: int) -> tuple[tuple[Tensor, Tensor], ...]:
    """Items and scores [B, k] of the best that are new to each user, and of the best of the history rows."""
    interests = model(batch, items)
    new = new_to_user(interests, batch, items)
    there = marks(batch.history_item, batch.history_mask, new.shape[1])
    best = new.masked_fill(there, -torch.inf).topk(min(k, new.shape[1]), dim=1)
    rows = interests.repeat.masked_fill(~batch.history_mask, -torch.inf)
    rows = torch.nn.functional.pad(rows, (0, max(0, k - rows.shape[1])), value=-torch.inf).topk(k, dim=1)
    at = rows.indices.clamp(max=batch.history_item.shape[1] - 1)
    return (best.indices, best.values), (batch.history_item.gather(1, at), rows.values)


def _rows(users: Array) -> list[Array]:
    return np.array_split(users, max(1, -(-len(users) // CHUNK)))


def mean_ndcg(ranked: Array, targets: Targets, users: Array) -> float:
    """Mean NDCG of ranked lists [N, k] over their users; cold targets count as misses."""
    span = int(max(ranked.max(initial=0), targets.item.max(initial=0))) + 1
    owner = np.repeat(np.arange(len(targets.total)), np.diff(targets.start))
    hits = np.isin(users[:, None] * span + ranked, owner * span + targets.item)
    return float(ndcg(hits, targets.total[users]).mean())
