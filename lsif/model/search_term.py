"""What a user searched for, among the texts of the items."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lsif.model.batch import Batch
from lsif.model.neighbours import LIMIT


class SearchInterest(nn.Module):
    """The weighted mean of the searches, a search of some age weighing `(1 + age)^a`, times a gain per user.

    Whoever searches for what an item is called wants it, in a log of few searches too: so the gain starts well above
    what chance gives two texts.
    """

    def __init__(self, user_features: int) -> None:
        super().__init__()
        # Nothing is drawn: what a log without searches learns does not change.
        self.age = nn.Parameter(torch.tensor(-0.5))
        self.level = nn.Parameter(torch.tensor(math.log(5.0)))
        self.gain = nn.Parameter(torch.zeros(user_features))

    def forward(self, batch: Batch, texts: Tensor, user: Tensor) -> Tensor:
        """Interest [B, D], zeros of whom no search is known.

        Args:
            texts: of each search, as the item tower has them [B, N, D].
            user: standardised user features [B, P].
        """
        weights = (1 + batch.search_age) ** self.age * batch.search_mask
        gain = torch.exp((user @ self.gain + self.level).clamp(-LIMIT, LIMIT))
        return F.normalize(torch.einsum("bn,bnd->bd", weights, texts), dim=-1) * gain[:, None]
