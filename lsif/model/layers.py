"""Small parts that several modules share."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lsif.features.ragged import Array

DROPPED = 0.3
"""Share of the interests, and of what is told of the items, that a training step leaves out."""

ROWS = 2**16
"""Rows whose moments are taken at once: a training's tables lie in files."""


class Dropout(nn.Module):
    """`torch.nn.Dropout` that leaves out the same on every device; interests see the same users at every cutoff."""

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return values
        return values * _kept(*values.shape, device=values.device) / (1 - DROPPED)


class ColumnDropout(nn.Module):
    """Dropout of whole columns of what is known of the items [V, N], the same for all items of a training step.

    A log has millions of events and few weeks, and in each week few items that everybody takes: what is told of items
    is soon known by heart, unless a step never tells all of it.
    """

    def forward(self, columns: Tensor) -> Tensor:
        if not self.training:
            return columns
        return columns * _kept(1, columns.shape[1], device=columns.device) / (1 - DROPPED)


class Rows(Protocol):
    """Rows [N, F] that are read a part at a time; an array is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Array: ...


class Standardise(nn.Module):
    """Columns to mean zero and deviation one, as seen in training, clipped so that no outlier can shout."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, size: int, clip: float = 5.0) -> None:
        super().__init__()
        self.clip = clip
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def fit(self, tables: Sequence[Rows], worth: Sequence[Array] | None = None) -> None:
        """Take over the columns' moments; a column that never varied gives zeros, whatever comes later.

        Args:
            worth: what each row of each table counts for [N]; by default all alike.
        """
        worth = worth or [np.ones(len(table)) for table in tables]

        def mean_of(values: Callable[[Array], Array]) -> Array:
            total = np.zeros(len(self.mean))
            for table, of in zip(tables, worth, strict=True):
                for start in range(0, len(table), ROWS):
                    total += of[start : start + ROWS] @ values(table[start : start + ROWS].astype(np.float64))
            return total / (sum(float(of.sum()) for of in worth) or 1)

        mean = mean_of(lambda part: part)
        squares = mean_of(lambda part: (part - mean) ** 2)
        deviation = np.sqrt(squares)
        self.mean.copy_(torch.from_numpy(mean))
        self.deviation.copy_(torch.from_numpy(np.where(deviation < 1e-4, np.inf, deviation)))

    def silence(self, columns: Sequence[int]) -> None:
        """Give zeros for these columns as for one that never varied."""
        self.deviation[list(columns)] = torch.inf

    def forward(self, values: Tensor) -> Tensor:
        return ((values - self.mean) / self.deviation).clamp(-self.clip, self.clip)


def _kept(*shape: int, device: torch.device) -> Tensor:
    """What a step leaves in, drawn by the CPU's generator, so that every device leaves out the same."""
    return (torch.rand(shape, device="cpu") >= DROPPED).to(device)


def gelu(values: Tensor) -> Tensor:
    """`torch.nn.functional.gelu`, which on a CPU takes float64 number by number: by torch.erf it costs a quarter."""
    if values.dtype != torch.float64 or values.requires_grad:
        return F.gelu(values)
    return torch.erf(values * 0.5**0.5).add_(1).mul_(values).mul_(0.5)


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last dimension among true positions; all zeros where there are none."""
    filled = logits.masked_fill(~mask, torch.finfo(logits.dtype).min)
    return torch.softmax(filled, dim=-1) * mask


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over dimension 1 of [B, N, D] among true positions [B, N]; zeros where there are none."""
    weights = mask.to(values.dtype)
    return torch.einsum("bnd,bn->bd", values, weights) / weights.sum(1, keepdim=True).clamp(min=1)
