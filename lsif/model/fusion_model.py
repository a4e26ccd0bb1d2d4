"""The whole model.

For an item that is not in the user's history rows, `score(u, i) = (long_u + short_u)·e_i + groups_u(i) +
gain_u·popularity_i`, and `tail_u` more if the user had it all the same; for one that is, `score(u, i) = repeat(u, i)`.
Each source of the former has its `trust`, one in training.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.model.batch import Batch
from lsif.model.encoders import GRUEncoder, ShortTermInterest, TransformerEncoder
from lsif.model.fusion import fusion_gate
from lsif.model.group_term import GroupTerm, of_items
from lsif.model.item_tower import ItemInputs, ItemTower
from lsif.model.layers import Dropout, Standardise
from lsif.model.long_term import LongTermInterest
from lsif.model.neighbours import LIMIT, NeighbourInterest
from lsif.model.popularity import PopularityTerm
from lsif.model.repeat import RepeatTerm, agreed
from lsif.model.search_term import SearchInterest
from lsif.model.takers_term import TakersTerm

SOURCES = ("texts", "neighbours", "takers", "groups", "popularity")
"""What the score of an item that is new to a user is learned from, beside the plain count of the popularity term."""

TEMPERATURE_SPEED = 20.0
"""How much texts may say is one number that may have far to go, and a step moves it by .002."""


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the sizes of the weights, and so what a stored model needs to be rebuilt."""

    encoder: str
    fusion: str
    width: int
    items: int
    categories: int
    event_types: int
    text_size: int
    history_features: int
    user_features: int
    item_features: int
    group_features: int
    weight_column: int
    """Of the history features: the decayed weight that the item factors are made of."""


@dataclass(frozen=True)
class Items:
    """Items ready to be scored.

    Attributes:
        vectors: `e_i`, of unit length or zero, beside what stands among the factors: the item's factor and where its
            takers stand, each as far as it is believed [V, D + K].
        factors: the item's factor alone, of unit length or zero [V, K].
        category: numbers [V].
        groups: numbers of category, kind and what else items share [V, levels].
        bias: `b_i` [V]: zero; -inf takes an item out of every list.
        popularity: logit at `ds` [V], before a user's gain.
    """

    vectors: Tensor
    factors: Tensor
    category: Tensor
    groups: Tensor
    bias: Tensor
    popularity: Tensor


@dataclass(frozen=True)
class Interests:
    """Users ready to be scored: the parts of every score add up exactly.

    Attributes:
        long, short: gated parts divided by ‖w‖·τ, the short one with what was searched, beside those among the factors
            [B, D + K].
        groups: logit of every group, a part of the long interest [B, N].
        popularity_gain: [B].
        order, odds: what the networks of the repeat term say of each history row [B, L]; 0 past the mask.
        level: how high the history rows as a whole stand [B].
        stretch: what all that is said of them is multiplied by, the same for all users [B].
        tail: how high the rest of the history does, beside what the interests say of it [B].
        history_mask: [B, L].
    """

    long: Tensor
    short: Tensor
    groups: Tensor
    popularity_gain: Tensor
    order: Tensor
    odds: Tensor
    level: Tensor
    stretch: Tensor
    tail: Tensor
    history_mask: Tensor

    @property
    def repeat(self) -> Tensor:
        """Logit of each history row [B, L], 0 past the mask."""
        said = agreed(self.order, self.odds, self.history_mask) + self.level[:, None] * self.history_mask
        return self.stretch[:, None] * said


@dataclass(frozen=True)
class Reading:
    """What interests were made of, for whoever asks what one row or event of it carries.

    Attributes:
        past, user: standardised features of history rows [B, L, F] and of users [B, P].
        long, short: interests before the gate [B, D].
        gated_long, gated_short: and after it [B, D].
        row_weights: of the history rows, by each query [B, Q, L].
        searched: what was searched, among the texts [B, D].
        event_weights, event_outputs: of the window [B, N] and [B, N, D].
    """

    past: Tensor
    user: Tensor
    long: Tensor
    short: Tensor
    gated_long: Tensor
    gated_short: Tensor
    row_weights: Tensor
    searched: Tensor
    event_weights: Tensor
    event_outputs: Tensor


class FusionModel(nn.Module):
    trust: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, user = shape.width, shape.user_features
        encoder = TransformerEncoder(width) if shape.encoder == "transformer" else GRUEncoder(width)
        self.history_scale = Standardise(shape.history_features)
        self.user_scale = Standardise(user)
        self.item_scale = Standardise(shape.item_features)
        self.group_scale = Standardise(shape.group_features)
        self.tower = ItemTower(shape.text_size, width)
        self.short = ShortTermInterest(encoder, width, shape.event_types, user)
        self.long = LongTermInterest(width, shape.history_features)
        self.neighbours = NeighbourInterest(shape.history_features, user, shape.weight_column)
        self.groups = GroupTerm(shape.group_features, user)
        self.dropout = Dropout()
        self.gate = fusion_gate(shape.fusion, width, user)
        self.popularity = PopularityTerm(shape.item_features, user)
        self.repeat = RepeatTerm(shape.history_features, user, shape.categories)
        self.takers = TakersTerm()
        self.searches = SearchInterest(user)
        self.log_temperature = nn.Parameter(torch.zeros(()))
        self.register_buffer("trust", torch.ones(len(SOURCES)))

    def temperature(self) -> Tensor:
        """`τ`, one at the start, between .05 and 20: the interests meet an item's text with the length `1 / τ`."""
        return (LIMIT * torch.tanh(TEMPERATURE_SPEED / LIMIT * self.log_temperature)).exp()

    def items(self, inputs: ItemInputs, features: Tensor, factors: Tensor) -> Items:
        """Items from the tower's inputs, and their features [V, Q] and `item_factors` [V, 2K] at `ds`."""
        _, neighbours, takers, _, learned = self.trust
        popularity = self.popularity.popularity(features, self.item_scale(features), learned)
        vectors = self.tower(inputs)
        factor, near = self.takers(factors.to(vectors.dtype))
        both = torch.cat([vectors, neighbours * factor + takers * near], dim=1)
        return Items(both, factor, inputs.category, inputs.groups, torch.zeros_like(popularity), popularity)

    def all_items(self, index: ItemIndex, features: Array, factors: Array) -> Items:
        """Every item of the index at one `ds`, new ones included: a snapshot's `item_features` and `item_factors`."""
        at = (torch.tensor(array, device=self.log_temperature.device) for array in (features, factors))
        return self.items(self.tower.inputs(index), *at)

    def forward(self, batch: Batch, items: Items) -> Interests:
        """Users as of the night; the batch's item numbers are positions in `items`."""
        return self.read(batch, items)[0]

    def read(self, batch: Batch, items: Items) -> tuple[Interests, Reading]:
        """The same, and what the interests were made of."""
        past, user = self.history_scale(batch.history_features), self.user_scale(batch.user_features)
        vectors, factors = items.vectors[:, : self.shape.width], items.factors
        state, short, events = self.short(batch, vectors, user)
        long, rows = self.long(batch, vectors, past)
        kept = self.dropout(long), self.dropout(short)
        long, short = self.gate(state, *kept, user)
        searched = self.searches(batch, self.tower.of_texts(batch.search_text), user)
        reading = Reading(past, user, *kept, long, short, rows, searched, *events)
        scale = (long + short).norm(dim=-1, keepdim=True).clamp(min=1e-6) * self.temperature()
        own = F.embedding(batch.history_item, factors)
        near_long, near_short = self.neighbours(batch, factors, own, past, user)
        long = torch.cat([long / scale, near_long], dim=1)
        short = torch.cat([short / scale + searched, near_short], dim=1)
        texts, _, _, groups, _ = self.trust
        trust = torch.cat([texts.expand(vectors.shape[1]), torch.ones_like(texts).expand(factors.shape[1])])
        long, short = long * trust, short * trust
        close = self.neighbours.closeness(batch, own)
        order, odds, levels = self.repeat(batch, past, items.category[batch.history_item], user, close)
        count = int(max(items.groups.max(), batch.group.max())) + 1
        interests = Interests(
            long=long,
            short=short,
            groups=self.groups(batch, self.group_scale(batch.group_features), user, count) * groups,
            popularity_gain=self.popularity.user_gain(user),
            order=order * batch.history_mask,
            odds=odds * batch.history_mask,
            level=levels[:, 0],
            stretch=self.repeat.stretch.expand(len(batch.history_item)),
            tail=levels[:, 1],
            history_mask=batch.history_mask,
        )
        return interests, reading


def scores(interests: Interests, batch: Batch, items: Items) -> Tensor:
    """`score(u, i)` of every user and item [B, V]."""
    return with_repeats(new_to_user(interests, batch, items), interests.repeat, batch) + items.bias


def new_to_user(interests: Interests, batch: Batch, items: Items) -> Tensor:
    """Score of every item [B, V] as if it stood in nobody's history rows, without the bias."""
    fused = (interests.long + interests.short) @ items.vectors.T
    for level in items.groups.T:
        fused = fused + of_items(interests.groups, level)
    new = fused + interests.popularity_gain[:, None] * items.popularity
    return new.scatter_add(1, batch.tail_item, interests.tail[:, None] * batch.tail_mask)


def with_repeats(new: Tensor, repeat: Tensor, batch: Batch) -> Tensor:
    """Scores [B, V] where the items of the history have `repeat` [B, L] in the place of what they had."""
    there = new.gather(1, batch.history_item)
    return new.scatter_add(1, batch.history_item, (repeat - there) * batch.history_mask)
