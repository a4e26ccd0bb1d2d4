"""The popularity term: what everybody is after now, and how much of it a user follows."""

import torch
from torch import Tensor, nn

from lsif.features.item_features import COLUMNS
from lsif.model.layers import ColumnDropout

STARTS_WITH = COLUMNS.index("log_new_users_7d")


class PopularityTerm(nn.Module):
    """A logit per item from its features at `ds`, and a positive gain per user that starts at one.

    It starts as the log of how many took the item for the first time in seven days: the best list for those of whom
    nothing is known (the maximum likelihood of a softmax without features). What is learned is added to it, since a
    small log has too few steps to find that out by itself.
    """

    def __init__(self, item_features: int, user_features: int, hidden: int = 96) -> None:
        super().__init__()
        added = nn.Linear(hidden, 1, bias=False)
        self.counted = nn.Parameter(torch.ones(1))
        self.item = nn.Sequential(ColumnDropout(), nn.Linear(item_features, hidden), nn.GELU(), added)
        self.gain = nn.Linear(user_features, 1)
        for weights in (added.weight, self.gain.weight, self.gain.bias):
            nn.init.zeros_(weights)

    def popularity(self, features: Tensor, standardised: Tensor, trust: Tensor) -> Tensor:
        """[V] from item features as they are and standardised, both [V, Q], and the trust in what is learned []."""
        return self.count(features) + trust * self.item(standardised).squeeze(-1)

    def count(self, features: Tensor) -> Tensor:
        """What it starts as [V]."""
        return self.counted * features[:, STARTS_WITH]

    def user_gain(self, user: Tensor) -> Tensor:
        """[B] from standardised user features [B, P]."""
        return torch.exp(self.gain(user).clamp(-3, 3)).squeeze(-1)
