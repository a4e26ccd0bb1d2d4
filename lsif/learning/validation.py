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
from lsif.learning.sure import surely_best
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
STRETCHES = (1.0, 0.5, 0.75, 1.25, 1.5, 2.0, 2.5)
"""Factors that are tried, the usual one first: another must be more than a standard error ahead."""


@dataclass(frozen=True)
class Watched:
    """What a cutoff says of a model.

    Attributes:
        stretch, level: by what to multiply what is said of the history rows, and what to add then, so that the NDCG is
            best.
        ndcg: that NDCG, of the full ranking.
        new_loss, own_loss: of the list of what is new to a user, and of that of the history rows; means over users.
    """

    stretch: float
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
    return Watched(*standing(lists, example.targets, users), new_loss, own_loss)


def standing(lists: list[BothLists], targets: Targets, users: Array) -> tuple[float, float, float]:
    """By what to stretch and lift the history rows so that the mean NDCG is best, and that NDCG.

    What training leaves between the two lists is wrong where the list of new items was learned by heart: training
    users' new items look surer than anyone's will, the surest of them most. So the difference is taken where nothing
    was learned from, as a temperature is (Guo et al., "On Calibration of Modern Neural Networks", 2017): the rows are
    stretched, which leaves both orders and all scores of new items as they are.
    """
    new, own = (tuple(torch.cat(parts) for parts in zip(*both, strict=True)) for both in zip(*lists, strict=True))
    (item, value), (own_item, own_value), k = new, own, own[1].shape[1]
    hits = targets.holds(users, torch.cat([item, own_item], dim=1).cpu().numpy())
    hits &= ~torch.cat([value, own_value], dim=1).isinf().cpu().numpy()
    relevant, pivot = targets.total[users], _last(value)

    def judged(stretch: float, offset: float) -> Array:
        both = torch.cat([value, pivot + stretch * (own_value - pivot) + offset], dim=1)
        best = both.topk(k, dim=1).indices.cpu().numpy()
        return ndcg(np.take_along_axis(hits, best, axis=1), relevant)

    def lifted(stretch: float) -> tuple[float, Array]:
        worth = [judged(stretch, offset) for offset in OFFSETS]
        best = int(np.argmax([values.mean() for values in worth]))
        return OFFSETS[best], worth[best]

    of_each = [lifted(stretch) for stretch in STRETCHES]
    chosen = surely_best([worth for _, worth in of_each], errors=1)
    stretch, (offset, worth) = STRETCHES[chosen], of_each[chosen]
    return stretch, pivot * (1 - stretch) + offset, float(worth.mean())


def _last(value: Tensor) -> float:
    """Mean score of the last row of each list: about where rows of the one list and the other meet."""
    last = value[:, -1]
    return float(last[~last.isinf()].double().mean()) if (~last.isinf()).any() else 0.0


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
