"""The whole model: `score(u, i) = (long_u + short_u)·e_i + b_i + gain_u·popularity_i + repeat(u, i)`."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lsif.model.batch import Batch
from lsif.model.encoders import GRUEncoder, ShortTermInterest, TransformerEncoder
from lsif.model.fusion import fusion_gate, long_share
from lsif.model.item_tower import ItemInputs, ItemTower
from lsif.model.layers import DROPPED, Standardise
from lsif.model.long_term import LongTermInterest
from lsif.model.popularity import PopularityTerm
from lsif.model.ragged import Array
from lsif.model.repeat import RepeatTerm
from lsif.model.vocabulary import ItemIndex


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the sizes of the weights, and so what a stored model needs to be rebuilt."""

    encoder: str
    fusion: str
    width: int
    items: int
    corrections: int
    categories: int
    event_types: int
    text_size: int
    history_features: int
    user_features: int
    item_features: int


@dataclass(frozen=True)
class Items:
    """Items ready to be scored.

    Attributes:
        vectors: `e_i` [V, D], unit length.
        category: numbers [V].
        bias: `b_i` [V]: zero, as a learned one did harm; -inf takes an item out of every list.
        popularity: logit at `ds` [V], before a user's gain.
    """

    vectors: Tensor
    category: Tensor
    bias: Tensor
    popularity: Tensor


@dataclass(frozen=True)
class Interests:
    """Users ready to be scored: the parts of every score add up exactly.

    Attributes:
        long, short: gated parts divided by ‖w‖·τ [B, D].
        alpha: ‖long‖ / (‖long‖ + ‖short‖) [B].
        popularity_gain: [B].
        repeat: logit of each history row [B, L], 0 past the mask.
    """

    long: Tensor
    short: Tensor
    alpha: Tensor
    popularity_gain: Tensor
    repeat: Tensor


class FusionModel(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, user = shape.width, shape.user_features
        encoder = TransformerEncoder(width) if shape.encoder == "transformer" else GRUEncoder(width)
        self.history_scale = Standardise(shape.history_features)
        self.user_scale = Standardise(user)
        self.item_scale = Standardise(shape.item_features)
        self.tower = ItemTower(shape.corrections, shape.text_size, shape.categories, width)
        self.short = ShortTermInterest(encoder, width, shape.event_types, user)
        self.long = LongTermInterest(width, shape.history_features)
        self.dropout = nn.Dropout(DROPPED)
        self.gate = fusion_gate(shape.fusion, width, user)
        self.popularity = PopularityTerm(shape.item_features, user)
        self.repeat = RepeatTerm(shape.history_features, user, shape.categories)
        self.log_temperature = nn.Parameter(torch.tensor(0.1).log())
        self.log_odds_shift = nn.Parameter(torch.zeros(()))  # from a score to the log-odds of a repeat; training only

    def items(self, inputs: ItemInputs, features: Tensor) -> Items:
        """Items from the tower's inputs and their features at `ds` [V, Q]."""
        popularity = self.popularity.popularity(self.item_scale(features))
        return Items(self.tower(inputs), inputs.category, torch.zeros_like(popularity), popularity)

    def all_items(self, index: ItemIndex, features: Array) -> Items:
        """Every item of the index at one `ds`, new ones included; `features` is a snapshot's `item_features`."""
        return self.items(self.tower.inputs(index), torch.from_numpy(features))

    def forward(self, batch: Batch, items: Items) -> Interests:
        """Users as of the night; the batch's item numbers are positions in `items`."""
        past, user = self.history_scale(batch.history_features), self.user_scale(batch.user_features)
        state, short = self.short(batch, items.vectors, user)
        long = self.long(batch, items.vectors, past)
        long, short = self.gate(state, self.dropout(long), self.dropout(short), user)
        scale = (long + short).norm(dim=-1, keepdim=True).clamp(min=1e-6) * self.log_temperature.exp()
        long, short = long / scale, short / scale
        own = torch.einsum("bd,bld->bl", (long + short).detach(), items.vectors.detach()[batch.history_item])
        repeat = self.repeat(batch, past, items.category[batch.history_item], user, own)
        return Interests(
            long=long,
            short=short,
            alpha=long_share(long, short),
            popularity_gain=self.popularity.user_gain(user),
            repeat=repeat * batch.history_mask,
        )


def scores(interests: Interests, batch: Batch, items: Items) -> Tensor:
    """`score(u, i)` of every user and item [B, V]."""
    return with_terms((interests.long + interests.short) @ items.vectors.T, interests, batch, items)


def with_terms(fused: Tensor, interests: Interests, batch: Batch, items: Items) -> Tensor:
    """Popularity and repeats added to `(long + short)·e` [B, V]."""
    total = fused + items.bias + interests.popularity_gain[:, None] * items.popularity
    return total.scatter_add(1, batch.history_item, interests.repeat)
