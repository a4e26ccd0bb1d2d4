"""The history as a vector: what a user keeps coming back to."""

import math

import torch
from torch import Tensor, nn

from lsif.model.batch import Batch
from lsif.model.layers import masked_softmax


class LongTermInterest(nn.Module):
    """A few learned queries attend over the history rows: the cost grows with `L` ≤ 128, never with the past."""

    def __init__(self, width: int, history_features: int, queries: int = 4) -> None:
        super().__init__()
        self.row = nn.Linear(history_features, width)
        self.key, self.value = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.queries = nn.Parameter(torch.randn(queries, width) * width**-0.5)
        self.join = nn.Linear(queries * width, width, bias=False)

    def forward(self, batch: Batch, items: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Long interest `w_l` [B, D], zeros for an empty history, and how much each row weighs by each query [B, Q, L].

        Args:
            items: vectors of the batch's item numbers [M, D]; a category is part of its items' vectors.
            features: standardised history features [B, L, F].
        """
        vectors = items[batch.history_item]  # [B, L, D]
        keys = self.key(vectors) + self.row(features)
        logits = torch.einsum("qd,bld->bql", self.queries, keys) / math.sqrt(keys.shape[-1])
        weights = masked_softmax(logits, batch.history_mask[:, None].expand_as(logits))
        heads = torch.einsum("bql,bld->bqd", weights, self.value(vectors))
        return self.join(heads.flatten(1)), weights

    def asked(self, wanted: Tensor) -> Tensor:
        """What a product of `w_l` and vectors [B, K, D] asks of the vectors that each query reads [B, Q, K, D]."""
        queries, width = self.queries.shape
        reads = self.join.weight.view(width, queries, width).transpose(0, 1) @ self.value.weight  # [Q, D, D]
        return wanted[:, None] @ reads
