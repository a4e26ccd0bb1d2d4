"""One training step: some users of one cutoff, scored against the step's candidates."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lsif.features.ragged import Array
from lsif.features.snapshot import Snapshot
from lsif.learning.loss import listwise_loss, repeat_log_loss
from lsif.learning.sampling import Sampler
from lsif.learning.targets import Targets
from lsif.model.batch import Batch, batch_of
from lsif.model.fusion_model import FusionModel, Interests, new_to_user, with_repeats
from lsif.model.item_tower import ItemInputs


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
        worth: what each of those counts for [B, M].
        item_features, item_factors: of the candidates at the cutoff [M, Q], [M, 2K].
    """

    batch: Batch
    candidates: Tensor
    correction: Tensor
    own: Tensor
    positive: Tensor
    worth: Tensor
    item_features: Tensor
    item_factors: Tensor

    def to(self, device: torch.device) -> "Step":
        return Step(**{name: value.to(device) for name, value in vars(self).items()})


def step_inputs(example: Example, users: Array, sampler: Sampler) -> Step:
    """Gather one step; a user's own history and targets are candidates of full weight."""
    batch = batch_of(example.snapshot, users)
    target, target_mask = example.targets.padded(users)
    own = torch.cat([batch.history_item, batch.window_item, target], dim=1)
    drawn = sampler.candidates(own.flatten().numpy())
    batch = batch.renumbered(drawn.items)
    target = torch.searchsorted(drawn.items, target)
    positive = marks(target, target_mask, len(drawn.items))
    own = marks(batch.history_item, batch.history_mask, len(drawn.items))
    return Step(
        batch=batch,
        candidates=drawn.items,
        correction=torch.where(own | positive, 0.0, drawn.correction),
        own=own,
        positive=positive,
        worth=torch.zeros(positive.shape).scatter_reduce_(1, target, example.targets.worths(users), "amax"),
        item_features=torch.from_numpy(example.snapshot.item_features[drawn.items.numpy()]),
        item_factors=torch.from_numpy(example.snapshot.item_factors[drawn.items.numpy()]),
    )


def step_loss(model: FusionModel, step: Step, inputs: ItemInputs) -> Tensor:
    """Three lists, each teaching its own part of the model and nothing else.

    What is new to a user teaches the interests, groups and popularity; the user's own history teaches the repeat term;
    the list of everything teaches only how high the history rows stand above all else.
    """
    items = model.items(inputs.take(step.candidates), step.item_features, step.item_factors)
    interests = model(step.batch, items)
    new = new_to_user(interests, step.batch, items)  # [B, M]
    explore = torch.where(step.own, -torch.inf, step.correction)
    of_new = listwise_loss(new, step.positive & ~step.own, explore, step.worth)
    return of_new + _own(interests, step) + _all(interests, new, step)


def _own(interests: Interests, step: Step) -> Tensor:
    """The history as a list teaches the one network, each of its rows by itself the other.

    How likely a row is taken again is the share of such rows that were, wherever lists showed them.
    """
    mask = step.batch.history_mask
    again = taken_again(step.positive, step.batch)
    outside = torch.where(mask, 0.0, -torch.inf)
    worth = step.worth.gather(1, step.batch.history_item)
    return listwise_loss(interests.order, again, outside, worth) + repeat_log_loss(interests.odds, again, mask)


def _all(interests: Interests, new: Tensor, step: Step) -> Tensor:
    """The list of everything, with all but the level as it is."""
    as_it_is = replace(interests, order=interests.order.detach(), odds=interests.odds.detach())
    logits = with_repeats(new.detach(), as_it_is.repeat, step.batch)
    return listwise_loss(logits, step.positive, step.correction, step.worth)


def taken_again(positive: Tensor, batch: Batch) -> Tensor:
    """Which history rows [B, L] are among what each user took [B, M]."""
    return positive.gather(1, batch.history_item) & batch.history_mask


def marks(item: Tensor, mask: Tensor, items: int) -> Tensor:
    """Boolean [B, items], true at the masked-in numbers `item` [B, N]."""
    counts = torch.zeros(len(item), items, dtype=torch.int32, device=item.device)
    return counts.scatter_add(1, item, mask.int()) > 0
