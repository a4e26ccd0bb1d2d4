"""The popularity term: what everybody is after now, and how much of it a user follows."""

import torch
from torch import Tensor, nn


class PopularityTerm(nn.Module):
    """A logit per item from its features at `ds`, and a positive gain per user that starts at one."""

    def __init__(self, item_features: int, user_features: int, hidden: int = 96) -> None:
        super().__init__()
        self.item = nn.Sequential(nn.Linear(item_features, hidden), nn.GELU(), nn.Linear(hidden, 1, bias=False))
        self.gain = nn.Linear(user_features, 1)
        nn.init.zeros_(self.gain.weight)
        nn.init.zeros_(self.gain.bias)

    def popularity(self, features: Tensor) -> Tensor:
        """[V] from standardised item features [V, Q]."""
        return self.item(features).squeeze(-1)

    def user_gain(self, user: Tensor) -> Tensor:
        """[B] from standardised user features [B, P]."""
        return torch.exp(self.gain(user).clamp(-3, 3)).squeeze(-1)
