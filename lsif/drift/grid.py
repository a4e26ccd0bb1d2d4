"""Columns of a table as histograms, all at once: as finely as the model can tell their values apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lsif.drift.histogram import Histogram, bins_of
from lsif.features.ragged import Array

FINENESS = 2
"""A bin is an eighth to a quarter of a column's deviation: `2^-FINENESS` of the power of two below it."""


@dataclass(frozen=True)
class Grid:
    """Bins of the columns that a model reads: what it never saw vary it does not read.

    Attributes:
        names: of the columns.
        columns: their places in the table [C].
        width: as of `Histogram` [C].
        first, last: the bins at which the model clips [C].
    """

    names: tuple[str, ...]
    columns: Array
    width: Array
    first: Array
    last: Array

    @classmethod
    def of(cls, names: Sequence[str], mean: Array, deviation: Array, clip: float) -> "Grid":
        """For columns [F] of some mean and deviation, an infinite one where a column never varied."""
        columns = np.flatnonzero(np.isfinite(deviation[: len(names)]))
        middle, wide = mean[columns], deviation[columns]
        width = np.floor(np.log2(wide)).astype(np.int64) - FINENESS
        bins = [np.floor((middle + side * clip * wide) * 2.0**-width).astype(np.int64) for side in (-1, 1)]
        return cls(tuple(names[column] for column in columns.tolist()), columns, width, *bins)

    def count(self, values: Array) -> dict[str, Histogram]:
        """Of a table [N, F]; a histogram for each name."""
        read = values[:, self.columns]
        finite = np.isfinite(read)
        bins = bins_of(read, self.width)
        if not (whole := bool(finite.all())):
            bins[~finite] = 0
        size = int((self.last - self.first).max(initial=0)) + 1
        cells = np.clip(bins, self.first, self.last).astype(np.int64) - self.first + size * np.arange(len(self.names))
        taken = cells.ravel() if whole else cells[finite]
        counts = np.bincount(taken, minlength=size * len(self.names)).reshape(-1, size)
        missing = (len(read) - finite.sum(0)).tolist()
        parts = zip(self.names, self.width.tolist(), self.first.tolist(), counts, missing, strict=True)
        return {name: Histogram(width, first, row, lost).trimmed() for name, width, first, row, lost in parts}
