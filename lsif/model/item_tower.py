"""Items as vectors, by what is written of them."""

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lsif.features.text import whitening
from lsif.features.vocabulary import ItemIndex
from lsif.model.layers import ColumnDropout


@dataclass(frozen=True)
class ItemInputs:
    """What does not change from one date to the next of `V` items.

    Attributes:
        text: whitened text vectors [V, E].
        category: numbers [V].
        groups: numbers of category, kind and what else items share [V, levels].
    """

    text: Tensor
    category: Tensor
    groups: Tensor

    def take(self, items: Tensor) -> "ItemInputs":
        return ItemInputs(**{field.name: getattr(self, field.name)[items] for field in fields(self)})


class ItemTower(nn.Module):
    """`e_i = norm(W·whiten(text_i))`; zeros for an item of which nothing is written.

    Nothing is learned of a category by itself: where categories are small, that is the training users' favourites.
    """

    text_mean: Tensor
    text_axes: Tensor

    def __init__(self, text_size: int, width: int) -> None:
        super().__init__()
        whitened = min(text_size, 2 * width)
        self.register_buffer("text_mean", torch.zeros(text_size))
        self.register_buffer("text_axes", torch.zeros(text_size, whitened))
        self.dropout = ColumnDropout()
        self.project = nn.Linear(whitened, width, bias=False)

    def fit_whitening(self, index: ItemIndex) -> None:
        mean, axes = whitening(index.text[: index.trained], self.text_axes.shape[1])
        self.text_mean.copy_(torch.from_numpy(mean))
        self.text_axes.copy_(torch.from_numpy(axes))

    def inputs(self, index: ItemIndex) -> ItemInputs:
        device = self.text_mean.device
        return ItemInputs(
            text=self._whitened(torch.from_numpy(index.text).to(device)),
            category=torch.from_numpy(index.category).to(device),
            groups=torch.from_numpy(index.groups.of).to(device),
        )

    def forward(self, inputs: ItemInputs) -> Tensor:
        """Unit vectors, or zeros [V, D]."""
        return F.normalize(self.project(self.dropout(inputs.text)), dim=-1)

    def of_texts(self, texts: Tensor) -> Tensor:
        """Where items would stand of which these texts were written [..., D]: text vectors [..., T] in."""
        return F.normalize(self.project(self._whitened(texts)), dim=-1)

    def _whitened(self, texts: Tensor) -> Tensor:
        white = (texts - self.text_mean) @ self.text_axes
        return white * (texts.abs().sum(-1, keepdim=True) > 0) * white.shape[-1] ** -0.5
