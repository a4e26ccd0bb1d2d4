"""The popularity term: what everybody is after now, and how much of it a user follows."""

import torch
from torch import Tensor, nn

from lsif.features.item_features import COLUMNS
from lsif.features.item_hours import HOUR_HALF_LIVES, HOUR_SPANS, MINUTE_HALF_LIVES
from lsif.features.item_states import NEW_HALF_LIVES, NEW_SPANS
from lsif.model.layers import ColumnDropout

STARTS = (
    "log_new_users_7d",
    *(f"log_new_users_{span}d" for span in NEW_SPANS if span != 7),
    *(f"log_new_users_half_life_{half_life:g}d" for half_life in NEW_HALF_LIVES),
    *(f"log_buyers_{span}h" for span in HOUR_SPANS),
    *(f"log_buyers_half_life_{half_life:g}h" for half_life in HOUR_HALF_LIVES),
    *(f"log_buyers_half_life_{half_life:g}min" for half_life in MINUTE_HALF_LIVES),
)
"""Logs of counts that the term may start from, the usual one first."""


class PopularityTerm(nn.Module):
    """A logit per item from its features at `ds`, and a positive gain per user that starts at one.

    It starts as the log of how many took the item for the first time in seven days, or as another of `STARTS` where
    that makes the better list: the best one for those of whom nothing is known (the maximum likelihood of a softmax
    without features). What is learned is added to it, since a small log has too few steps to find that out by itself.
    """

    start: Tensor
    _columns: Tensor

    def __init__(self, item_features: int, user_features: int, hidden: int = 96) -> None:
        super().__init__()
        added = nn.Linear(hidden, 1, bias=False)
        self.counted = nn.Parameter(torch.ones(1))
        self.register_buffer("_columns", torch.tensor([COLUMNS.index(name) for name in STARTS]), persistent=False)
        self.register_buffer("start", torch.zeros((), dtype=torch.long))
        self.item = nn.Sequential(ColumnDropout(), nn.Linear(item_features, hidden), nn.GELU(), added)
        self.gain = nn.Linear(user_features, 1)
        for weights in (added.weight, self.gain.weight, self.gain.bias):
            nn.init.zeros_(weights)

    def popularity(self, features: Tensor, standardised: Tensor, trust: Tensor) -> Tensor:
        """[V] from item features as they are and standardised, both [V, Q], and the trust in what is learned []."""
        return self.count(features) + trust * self.item(standardised).squeeze(-1)

    def count(self, features: Tensor) -> Tensor:
        """What it starts as [V]."""
        return self.counted * features.index_select(1, self._columns[self.start][None]).squeeze(1)

    def starts_with(self) -> str:
        """Which of `STARTS`."""
        return STARTS[int(self.start)]

    def user_gain(self, user: Tensor) -> Tensor:
        """[B] from standardised user features [B, P]."""
        return torch.exp(self.gain(user).clamp(-3, 3)).squeeze(-1)
