"""The recent window as a state: two encoders under one contract.

An encoder reads event vectors [B, S, D], the batch (mask, ages, baskets) and an as-of token [B, D]. It gives outputs
[B, N, D] with their mask [B, N], and the state `h` [B, D] of the user as of the night. Events of equal time are a set:
only their age is told, never their place in the table. `by_event` gives weights and values of outputs to the events.
"""

import math

import torch
from torch import Tensor, nn

from lsif.model.batch import Batch
from lsif.model.layers import masked_softmax

AGE_BUCKETS = 24


class TransformerEncoder(nn.Module):
    """One pre-norm block over the events and the as-of token; the state is the token's output."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.block = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, events: Tensor, batch: Batch, as_of: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tokens = torch.cat([as_of[:, None], events], dim=1)  # [B, 1 + S, D]
        hidden = torch.cat([torch.zeros_like(batch.window_mask[:, :1]), ~batch.window_mask], dim=1)
        outputs = self.norm(self.block(tokens, src_key_padding_mask=hidden))
        return outputs[:, 1:], batch.window_mask, outputs[:, 0]

    @staticmethod
    def by_event(weights: Tensor, values: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        return weights, values


class GRUEncoder(nn.Module):
    """A GRU over baskets (means of the events of one time); the state is its last output and the as-of token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, batch_first=True)
        self.join = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, events: Tensor, batch: Batch, as_of: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        baskets, mask = basket_means(events, batch.window_basket, batch.window_mask)
        outputs, _ = self.gru(baskets)  # [B, N, D]
        last = (mask.sum(1) - 1).clamp(min=0)
        newest = outputs[torch.arange(len(batch), device=last.device), last] * mask.any(1, keepdim=True)
        return outputs, mask, self.norm(self.join(torch.cat([newest, as_of], dim=-1)))

    @staticmethod
    def by_event(weights: Tensor, values: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Events of a basket have its value, and equal parts of its weight."""
        basket = batch.window_basket
        size = torch.zeros_like(weights).scatter_add(1, basket, batch.window_mask.to(weights.dtype))
        each = (weights / size.clamp(min=1)).gather(1, basket) * batch.window_mask
        return each, values.gather(1, basket[..., None].expand(*basket.shape, values.shape[-1]))


def basket_means(events: Tensor, basket: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of each basket's events [B, N, D], N the most baskets of a window, and which are there [B, N]."""
    most = int(torch.where(mask, basket, 0).max()) + 1
    member = (basket[:, None] == torch.arange(most, device=basket.device)[:, None]) & mask[:, None]  # [B, N, S]
    size = member.sum(-1, keepdim=True)
    return member.to(events.dtype) @ events / size.clamp(min=1), size.squeeze(-1) > 0


class ShortTermInterest(nn.Module):
    """The window as `h`, the user's state as of the night, and `w_s`, what the user is after this week."""

    def __init__(self, encoder: nn.Module, width: int, event_types: int, user_features: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.event_type = nn.Embedding(event_types, width)
        self.age = nn.Embedding(AGE_BUCKETS, width)
        self.as_of = nn.Linear(user_features, width)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        for table in (self.event_type, self.age):
            nn.init.normal_(table.weight, std=width**-0.5)

    def forward(self, batch: Batch, items: Tensor, user: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """State `h` [B, D], short interest `w_s` [B, D], zeros for an empty window, and what it is the mean of: weights
        [B, N] and outputs [B, N, D] of the encoder.

        Args:
            items: vectors of the batch's item numbers [M, D].
            user: standardised user features [B, P].
        """
        events = items[batch.window_item] + self.event_type(batch.window_type) + self.age(age_bucket(batch.window_age))
        outputs, mask, state = self.encoder(events, batch, self.as_of(user))
        logits = torch.einsum("bd,bnd->bn", self.query(state), self.key(outputs)) / math.sqrt(state.shape[-1])
        weights = masked_softmax(logits, mask)
        return state, self.value(torch.einsum("bn,bnd->bd", weights, outputs)), (weights, outputs)

    def by_event(self, weights: Tensor, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Weight of each event [B, S], and what `w_s` would be if it had all of it [B, S, D]."""
        return self.encoder.by_event(weights, self.value(outputs), batch)  # type: ignore[operator]


def age_bucket(days: Tensor) -> Tensor:
    """Logarithmic buckets: half a day apart at first, then ever wider; the last holds everything past 100 days."""
    return (torch.log1p(days.clamp(min=0)) * 5).long().clamp(max=AGE_BUCKETS - 1)
