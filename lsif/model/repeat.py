"""The repeat term: how likely a user takes an item of the history again in the coming days."""

from torch import Tensor, nn
from torch.nn.functional import gelu

from lsif.model.batch import Batch
from lsif.model.layers import masked_mean


class RepeatTerm(nn.Module):
    """Two layers over each history row, with the mean over the user's rows and the user's statistics as context."""

    def __init__(self, history_features: int, user_features: int, categories: int, hidden: int = 96) -> None:
        super().__init__()
        self.row = nn.Linear(history_features, hidden)
        self.category = nn.Embedding(categories, 8)
        self.category_in = nn.Linear(8, hidden, bias=False)
        self.context = nn.Linear(history_features, hidden, bias=False)
        self.user = nn.Linear(user_features, hidden, bias=False)
        self.interest = nn.Linear(1, hidden, bias=False)
        self.inner = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)
        nn.init.normal_(self.category.weight, std=0.3)

    def forward(self, batch: Batch, features: Tensor, category: Tensor, user: Tensor, interest: Tensor) -> Tensor:
        """Logits [B, L]; what stands past the mask means nothing.

        Args:
            features: standardised history features [B, L, F].
            category: category number of each history row's item [B, L].
            user: standardised user features [B, P].
            interest: what the interests already give each row [B, L]; the term learns what is left to say.
        """
        shared = self.context(masked_mean(features, batch.history_mask)) + self.user(user)  # [B, hidden]
        rows = self.row(features) + self.category_in(self.category(category)) + self.interest(interest[..., None])
        rows = rows + shared[:, None]
        return self.out(gelu(self.inner(gelu(rows)))).squeeze(-1)
