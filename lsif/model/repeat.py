"""The repeat term: how likely a user takes an item of the history again in the coming days."""

import torch
from torch import Tensor, nn

from lsif.model.batch import Batch
from lsif.model.layers import gelu, masked_mean

LEVEL_SPEED = 50.0
"""A level has one weight per user feature and may have far to go."""


class RepeatTerm(nn.Module):
    """Two small networks over each history row, and two levels per user.

    `order` learns the list, `odds` each row by itself: what they get wrong differs more than it would between two that
    learned the same, and their mean ranks better than either. One level says how high the rows as a whole stand above
    what is new, the other how high the rest of the history does; a level cannot change an order within.
    """

    stretch: Tensor

    def __init__(self, history_features: int, user_features: int, categories: int) -> None:
        super().__init__()
        self.order = RepeatNetwork(history_features, user_features, categories)
        self.odds = RepeatNetwork(history_features, user_features, categories)
        self.height = nn.Parameter(torch.zeros(1))  # of the odds: a list has none
        self.level = nn.Linear(user_features, 2)
        nn.init.zeros_(self.level.weight)
        nn.init.zeros_(self.level.bias)
        self.register_buffer("stretch", torch.ones(()))

    def forward(
        self, batch: Batch, features: Tensor, category: Tensor, user: Tensor, near: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What either network says of each row [B, L], meaningless past the mask, and the levels [B, 2].

        Args:
            features: standardised history features [B, L, F].
            category: category number of each history row's item [B, L].
            user: standardised user features [B, P].
            near: how close each row's item stands to all that the user takes [B, L].
        """
        order, odds = (one(batch, features, category, user, near) for one in (self.order, self.odds))
        return order, odds + self.height, LEVEL_SPEED * self.level(user)

    @torch.no_grad()
    def stand(self, stretch: float, level: float) -> None:
        """Let what is said of a row be `stretch` times that, and `level` more."""
        self.stretch *= stretch
        self.level.bias[0] += level / (LEVEL_SPEED * self.stretch)


class RepeatNetwork(nn.Module):
    """Two layers over each history row, with the mean over the user's rows and the user's statistics as context."""

    def __init__(self, history_features: int, user_features: int, categories: int, hidden: int = 96) -> None:
        super().__init__()
        self.row = nn.Linear(history_features, hidden)
        self.category = nn.Embedding(categories, 8)
        self.category_in = nn.Linear(8, hidden, bias=False)
        self.context = nn.Linear(history_features, hidden, bias=False)
        self.user = nn.Linear(user_features, hidden, bias=False)
        self.near = nn.Linear(1, hidden, bias=False)
        self.inner = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1, bias=False)
        nn.init.normal_(self.category.weight, std=0.3)

    def forward(self, batch: Batch, features: Tensor, category: Tensor, user: Tensor, near: Tensor) -> Tensor:
        """Logits [B, L]."""
        shared = self.context(masked_mean(features, batch.history_mask)) + self.user(user)  # [B, hidden]
        rows = self.row(features) + self.category_in(self.category(category)) + shared[:, None]
        rows = rows + self.near(near[..., None])
        return self.out(gelu(self.inner(gelu(rows)))).squeeze(-1)


def agreed(order: Tensor, odds: Tensor, mask: Tensor) -> Tensor:
    """Mean of both networks' logits [B, L], 0 past the mask.

    A list knows no height, only differences: the order is lifted to where its user's rows together are as likely as the
    odds say.
    """
    lowest = torch.finfo(order.dtype).min
    height = [values.masked_fill(~mask, lowest).logsumexp(1, keepdim=True) for values in (order, odds)]
    return (order - height[0] + height[1] + odds) / 2 * mask
