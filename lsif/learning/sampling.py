"""Which items a training step looks at."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lsif.features.ragged import Array, distinct

FULL_SOFTMAX = 20_000
"""Up to this many items every step scores the whole catalogue."""
NEGATIVES = 4_096


@dataclass(frozen=True)
class Candidates:
    """Items of one step.

    Attributes:
        items: sorted distinct numbers [M].
        correction: what a sampled item adds to its logit, -log(expected draws) [M]; -inf where it was not drawn.
    """

    items: Tensor
    correction: Tensor


class Sampler:
    """Negatives shared by a batch: half uniform, half by popularity, corrected by their expected number of draws.

    A user's own history and targets are always candidates and need no correction.
    """

    def __init__(self, counts: Array, rng: np.random.Generator, draws: int = NEGATIVES) -> None:
        """`counts` are users per trained item [V]."""
        tempered = counts.astype(np.float64) ** 0.75
        self._q = 0.5 / len(counts) + 0.5 * tempered / tempered.sum()
        self._edges, self._rng = self._q.cumsum(), rng
        self._draws = draws if len(counts) > FULL_SOFTMAX else 0

    def candidates(self, own: Array) -> Candidates:
        """The step's items: all, or `own` (numbers, repeats allowed) and a sample."""
        if not self._draws:
            return Candidates(torch.arange(len(self._q)), torch.zeros(len(self._q)))
        drawn = np.searchsorted(self._edges, self._rng.random(self._draws) * self._edges[-1], side="right")
        sampled, times = np.unique(np.minimum(drawn, len(self._q) - 1), return_counts=True)
        items = distinct(np.concatenate([own, sampled]))
        correction = np.full(len(items), -np.inf)
        correction[np.searchsorted(items, sampled)] = np.log(times / (self._draws * self._q[sampled]))
        return Candidates(torch.from_numpy(items), torch.from_numpy(correction).float())
