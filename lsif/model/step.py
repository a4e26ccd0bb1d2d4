"""One training step: some users of one cutoff, scored against the step's candidates."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lsif.model.batch import Batch, padded
from lsif.model.fusion_model import FusionModel, with_terms
from lsif.model.item_tower import ItemInputs
from lsif.model.loss import listwise_loss, repeat_log_loss
from lsif.model.ragged import Array, slices
from lsif.model.sampling import Sampler
from lsif.model.snapshot import Snapshot
from lsif.model.targets import Targets


@dataclass(frozen=True)
class Example:
    """One cutoff: what was known, and what came in the days after it."""

    snapshot: Snapshot
    targets: Targets


@dataclass(frozen=True)
class Step:
    """Inputs of one step; item numbers are positions in `candidates`.

    Attributes:
        batch: the users.
        candidates: item numbers of the index, sorted [M].
        correction: [B, M], as `listwise_loss` wants it.
        own: what each user's history holds [B, M].
        positive: what each user took [B, M].
        item_features: of the candidates at the cutoff [M, Q].
    """

    batch: Batch
    candidates: Tensor
    correction: Tensor
    own: Tensor
    positive: Tensor
    item_features: Tensor


def step_inputs(example: Example, users: Array, sampler: Sampler) -> Step:
    """Gather one step; a user's own history and targets are candidates of full weight."""
    batch = example.snapshot.batch(users)
    taken, owner = slices(example.targets.start, users)
    target = padded(example.targets.item[taken], owner, len(users))
    target_mask = padded(np.ones(len(taken), bool), owner, len(users))
    own = torch.cat([batch.history_item, batch.window_item, target], dim=1)
    drawn = sampler.candidates(own.flatten().numpy())
    batch = batch.renumbered(drawn.items)
    positive = marks(torch.searchsorted(drawn.items, target), target_mask, len(drawn.items))
    own = marks(batch.history_item, batch.history_mask, len(drawn.items))
    return Step(
        batch=batch,
        candidates=drawn.items,
        correction=torch.where(own | positive, 0.0, drawn.correction),
        own=own,
        positive=positive,
        item_features=torch.from_numpy(example.snapshot.item_features)[drawn.items],
    )


def step_loss(model: FusionModel, step: Step, inputs: ItemInputs) -> Tensor:
    """Three losses: the list of everything, the list of the own history, and the log-loss of each history row.

    The interests learn from what is new to a user only: on own items their part of the score is a constant, to which
    the repeat term adds. Otherwise they learn the training users' favourites by heart and cost a tenth of the NDCG.
    """
    items = model.items(inputs.take(step.candidates), step.item_features)
    interests = model(step.batch, items)
    fused = (interests.long + interests.short) @ items.vectors.T
    fused = torch.where(step.own, fused.detach(), fused)
    logits = with_terms(fused, interests, step.batch, items)  # [B, M]
    rows, mask = logits.gather(1, step.batch.history_item), step.batch.history_mask  # [B, L]
    again = step.positive.gather(1, step.batch.history_item) & mask
    everything = listwise_loss(logits, step.positive, step.correction)
    own = listwise_loss(rows, again, torch.where(mask, 0.0, -torch.inf))
    return everything + own + repeat_log_loss(rows - model.log_odds_shift, again, mask)


def marks(item: Tensor, mask: Tensor, items: int) -> Tensor:
    """Boolean [B, items], true at the masked-in numbers `item` [B, N]."""
    counts = torch.zeros(len(item), items, dtype=torch.int32)
    return counts.scatter_add(1, item, mask.int()) > 0
