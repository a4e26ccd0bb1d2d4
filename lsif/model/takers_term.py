"""What counts where an item's takers of the last days stand, beside the item's own factor."""

import torch
from torch import Tensor, nn

STARTS_WITH = 0.5


class TakersTerm(nn.Module):
    """One number: whoever stands near the takers is scored as if so near to the item."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = nn.Parameter(torch.full((), STARTS_WITH))

    def forward(self, factors: Tensor) -> tuple[Tensor, Tensor]:
        """Each item's factor, and where its takers stand as far as that counts, both [V, K].

        Args:
            factors: a snapshot's `item_factors` [V, 2K].
        """
        factor, takers = factors.chunk(2, dim=1)
        return factor, self.counts * takers
