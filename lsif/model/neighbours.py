"""Both interests among the item factors: what those take who took the same."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lsif.model.batch import Batch

LIMIT = 3.0


class NeighbourInterest(nn.Module):
    """Weighted means of the factors of the history rows and of the window's events, scaled by a gain per user.

    A row weighs `log(1 + decayed weight) · exp(linear(row))` and an event `(1 + age)^a`; both start as the plain counts
    that the factors were made of. Factors mean nothing from one date to the next but by their products with each other,
    so nothing is learned along an axis of theirs.
    """

    def __init__(self, history_features: int, user_features: int, weight: int) -> None:
        """`weight` is the column of the history features that holds `log(1 + decayed weight)`."""
        super().__init__()
        self.weight = weight
        self.row = nn.Linear(history_features, 1, bias=False)
        self.age = nn.Parameter(torch.tensor(-0.5))
        self.gain = nn.Linear(user_features, 2)
        nn.init.zeros_(self.row.weight)
        nn.init.zeros_(self.gain.weight)
        with torch.no_grad():
            self.gain.bias.copy_(torch.tensor([math.log(5.0), 0.0]))

    def forward(
        self, batch: Batch, factors: Tensor, own: Tensor, features: Tensor, user: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Long and short interest among the factors [B, K], zeros where there is nothing.

        Args:
            factors: of the batch's item numbers [M, K].
            own: those of each history row's item [B, L, K].
            features: standardised history features [B, L, F].
            user: standardised user features [B, P].
        """
        rows, events, gain = self.weighed(batch, features, user)
        long = torch.einsum("bl,blk->bk", rows, own)
        short = torch.einsum("bs,bsk->bk", events, F.embedding(batch.window_item, factors))
        return F.normalize(long, dim=-1) * gain[:, :1], F.normalize(short, dim=-1) * gain[:, 1:]

    def weighed(self, batch: Batch, features: Tensor, user: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """How much each history row [B, L] and each event [B, S] weighs, and the gains of both interests [B, 2]."""
        trust = torch.exp(self.row(features).squeeze(-1).clamp(-LIMIT, LIMIT))
        rows = self._weights(batch) * trust
        events = (1 + batch.window_age) ** self.age * batch.window_mask
        return rows, events, torch.exp(self.gain(user).clamp(-LIMIT, LIMIT))

    def closeness(self, batch: Batch, own: Tensor) -> Tensor:
        """How close each history row's item stands to all that the user takes [B, L], from -5 to 3; nothing is learned.

        Learned interests would bring the training users' favourites into the repeat term, by heart.

        Args:
            own: factors of each history row's item [B, L, K].
        """
        together = F.normalize(torch.einsum("bl,blk->bk", self._weights(batch), own), dim=-1)
        return 4 * torch.einsum("bk,blk->bl", together, own) - 1

    def _weights(self, batch: Batch) -> Tensor:
        return batch.history_features[..., self.weight] * batch.history_mask
