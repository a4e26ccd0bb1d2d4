"""What the score of an item that is new to a user loses when one piece of what the user did is left out.

A piece is a history row, or the window's events of one type with one item. An interest is a mean of its pieces, or a
sum of which only the direction counts; so what is left of it without one of them is known without another pass. Held
fixed are the gate, the length by which both interests are divided, what attention makes of the other pieces, and what
is known of the user as a whole. What a group says is divided among the history rows that lead to it, by their weights.

Shapes: B users, L history rows, S events, N pieces, Q queries, D width, F size of factors, K items asked about of each
user, V items.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lsif.model.batch import Batch
from lsif.model.fusion_model import FusionModel, Interests, Items, Reading

LEAST = 1e-9
"""Of a weight or a length, what counts as nothing left."""


@dataclass(frozen=True)
class Known:
    """A chunk of users as the model read them, and all items.

    Attributes:
        leads: on the last level, the groups that an item leads to [V, W], -1 where there is none; None where an item
            leads to its own.
    """

    batch: Batch
    interests: Interests
    reading: Reading
    items: Items
    leads: Tensor | None


def lost(model: FusionModel, of: Known, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the scores of items (numbers [B, K]) lose without each history row [B, K, L], without all events of a type
    with an item [B, K, S], at the place of the first of them, nought elsewhere, and without all searches [B, K, 1]."""
    batch, reading = of.batch, of.reading
    vectors, width = of.items.vectors[wanted], model.shape.width
    text, near = vectors[..., :width], vectors[..., width:]
    scale = (reading.gated_long + reading.gated_short).norm(dim=-1, keepdim=True).clamp(min=1e-6)
    trust, *_ = model.trust
    searches = text @ of.reading.searched[..., None] * trust
    text = text * (trust / model.temperature() / scale)[..., None]
    weights, events, gain = model.neighbours.weighed(batch, reading.past, reading.user)
    kind = _kinds(batch)
    rows = _of_rows(model, of, text * _gate(reading.gated_long, reading.long))
    window = _of_events(model, of, text * _gate(reading.gated_short, reading.short), kind)
    rows += _turned(weights[..., None] * F.embedding(batch.history_item, of.items.factors), near * gain[:, :1, None])
    seen = events[..., None] * F.embedding(batch.window_item, of.items.factors)
    window += _turned(_summed(seen, kind), near * gain[:, 1:, None])
    _add_groups(rows, model.shape.weight_column, of, wanted)
    return rows.mul_(batch.history_mask[:, None]), window.mul_(batch.window_mask[:, None]), searches


def _gate(after: Tensor, before: Tensor) -> Tensor:
    """What an interest [B, D] is multiplied with: every gate multiplies [B, 1, D]."""
    return torch.where(before == 0, before, after / before)[:, None]


def _of_rows(model: FusionModel, of: Known, wanted: Tensor) -> Tensor:
    """What products of the long interest and vectors [B, K, D] lose when the other rows share a row's weight."""
    vectors = F.embedding(of.batch.history_item, of.items.vectors[:, : model.shape.width])
    asked = model.long.asked(wanted)  # [B, Q, K, D]
    each = (asked.flatten(1, 2) @ vectors.transpose(1, 2)).unflatten(1, asked.shape[1:3])  # [B, Q, K, L]
    return _shared(of.reading.row_weights, each).sum(1)


def _of_events(model: FusionModel, of: Known, wanted: Tensor, kind: Tensor) -> Tensor:
    """The same of the short interest, for all events of a kind together."""
    weights, values = model.short.by_event(of.reading.event_weights, of.reading.event_outputs, of.batch)
    weight = _summed(weights[..., None], kind)
    mean = _summed(weights[..., None] * values, kind) / weight.clamp(min=LEAST)
    return _shared(weight.transpose(1, 2), (wanted @ mean.transpose(1, 2))[:, None])[:, 0]


def _shared(weights: Tensor, values: Tensor) -> Tensor:
    """What means of values [B, Q, K, N] by weights [B, Q, N] lose when one has no weight and the others have more."""
    weights = weights[:, :, None]
    mean = (weights * values).sum(-1, keepdim=True)
    rest = 1 - weights
    return torch.where(rest < LEAST, values, weights / rest.clamp(min=LEAST) * (values - mean))


def _turned(parts: Tensor, wanted: Tensor) -> Tensor:
    """What products of vectors [B, K, F] and the direction of a sum of parts [B, N, F] lose without one [B, K, N]."""
    whole = parts.sum(1)
    product, size = torch.einsum("bd,bkd->bk", whole, wanted), whole.square().sum(1, keepdim=True)
    left = size - 2 * torch.einsum("bd,bnd->bn", whole, parts) + parts.square().sum(2)
    without = torch.baddbmm(product[..., None], wanted, parts.transpose(1, 2), alpha=-1)
    without /= left.clamp(min=LEAST**2).sqrt()[:, None]
    return without.neg_().add_((product / size.clamp(min=LEAST**2).sqrt())[..., None])


def _add_groups(rows: Tensor, weight_column: int, of: Known, wanted: Tensor) -> None:
    """Each row's part of what groups say of items."""
    batch, said = of.batch, of.interests.groups
    weight = torch.expm1(batch.history_features[..., weight_column]) * batch.history_mask
    led = [(level, *_led(groups, batch, said.shape[1])) for level, groups in _leads(of)]
    total = torch.zeros_like(said)
    for _, group, there in led:
        total.scatter_add_(1, group, weight * there)
    for level, group, there in led:
        part = said.gather(1, group) * weight * there / total.gather(1, group).clamp(min=LEAST)
        same = group[:, None] == of.items.groups[:, level][wanted][..., None]
        rows += same * part[:, None]


def _leads(of: Known) -> Iterator[tuple[int, Tensor]]:
    """Levels, and groups of theirs of which a user who takes an item may want something [V], -1 for none."""
    last = of.items.groups.shape[1] - 1
    for level, group in enumerate(of.items.groups.unbind(1)):
        several = of.leads.unbind(1) if of.leads is not None and level == last else (group,)
        yield from ((level, one) for one in several)


def _led(groups: Tensor, batch: Batch, count: int) -> tuple[Tensor, Tensor]:
    """To which group each history row leads, and whether to any that somebody knows [B, L]."""
    group = groups[batch.history_item]
    return group.clamp(0, count - 1), (group >= 0) & (group < count)


def _kinds(batch: Batch) -> Tensor:
    """For each event the place of the first of its item and type [B, S]."""
    item, type_ = batch.window_item, batch.window_type
    same = (item[:, :, None] == item[:, None]) & (type_[:, :, None] == type_[:, None]) & batch.window_mask[:, None]
    return same.to(torch.uint8).argmax(2)


def _summed(values: Tensor, kind: Tensor) -> Tensor:
    """Values of events [B, S, D] added up at the first of each kind, nought elsewhere."""
    return torch.zeros_like(values).scatter_add(1, kind[..., None].expand_as(values), values)
