"""Items as vectors: text first, an id correction where there is evidence for one."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lsif.model.layers import DROPPED
from lsif.model.ragged import Array
from lsif.model.text import whitening
from lsif.model.vocabulary import ItemIndex

HALF_TRUST = 10.0
"""Users at which an id correction counts half."""
FEWEST = 5
"""Users below which an item has none: most of a long tail of weights would never be trained."""


@dataclass(frozen=True)
class ItemInputs:
    """What the tower reads of `V` items.

    Attributes:
        text: whitened text vectors [V, E].
        category: numbers [V].
        trust: g(n) = n / (n + HALF_TRUST) [V]; 0 below FEWEST users and for an item that the training never saw.
        correction: row of the id correction [V]; any row where trust is 0.
    """

    text: Tensor
    category: Tensor
    trust: Tensor
    correction: Tensor

    def take(self, items: Tensor) -> "ItemInputs":
        return ItemInputs(self.text[items], self.category[items], self.trust[items], self.correction[items])


def corrected(index: ItemIndex) -> Array:
    """Which items have an id correction [V]; their corrections stand in the order of the index."""
    return index.counts >= FEWEST


class ItemTower(nn.Module):
    """`e_i = norm(W·whiten(text_i) + g(n_i)·δ_i + category_i)`, δ starting at zero."""

    text_mean: Tensor
    text_axes: Tensor

    def __init__(self, corrections: int, text_size: int, categories: int, width: int) -> None:
        super().__init__()
        whitened = min(text_size, 2 * width)
        self.register_buffer("text_mean", torch.zeros(text_size))
        self.register_buffer("text_axes", torch.zeros(text_size, whitened))
        self.project = nn.Linear(whitened, width, bias=False)
        self.correction = nn.Embedding(corrections, width)
        self.category = nn.Embedding(categories, width)
        self.dropout = nn.Dropout(DROPPED)
        nn.init.zeros_(self.correction.weight)
        nn.init.normal_(self.category.weight, std=width**-0.5)

    def fit_whitening(self, index: ItemIndex) -> None:
        mean, axes = whitening(index.text[: index.trained], self.text_axes.shape[1])
        self.text_mean.copy_(torch.from_numpy(mean))
        self.text_axes.copy_(torch.from_numpy(axes))

    def inputs(self, index: ItemIndex) -> ItemInputs:
        described = torch.from_numpy(np.abs(index.text).sum(1) > 0)
        white = (torch.from_numpy(index.text) - self.text_mean) @ self.text_axes
        counts, own = torch.from_numpy(index.counts), torch.from_numpy(corrected(index))
        return ItemInputs(
            text=white * described[:, None] * white.shape[1] ** -0.5,
            category=torch.from_numpy(index.category),
            trust=torch.where(own, counts / (counts + HALF_TRUST), 0.0),
            correction=torch.where(own, own.cumsum(0) - 1, 0),
        )

    def forward(self, inputs: ItemInputs) -> Tensor:
        """Unit vectors [V, D]."""
        correction = self.dropout(inputs.trust[:, None] * self.correction(inputs.correction))
        return F.normalize(self.project(inputs.text) + correction + self.category(inputs.category), dim=-1)
