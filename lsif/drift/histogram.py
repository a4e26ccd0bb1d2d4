"""How often a number fell where: counts in bins whose width is a power of two, so that bins of two widths nest."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lsif.features.ragged import Array

FARTHEST = 2**12
"""Bins on either side of nought; what lies beyond is in the last of them."""


def bins_of(values: Array, width: int | Array) -> Array:
    """The bin of each number, as floats of the numbers' kind.

    Of wide bins those one wide are asked first: halves of the smallest numbers below nought are rounded to it.
    """
    narrowed = np.where(np.greater(width, 0), np.floor(values), values)
    bins: Array = np.floor(narrowed * np.exp2(-width).astype(values.dtype))
    return bins


@dataclass(frozen=True)
class Histogram:
    """Of one number.

    Attributes:
        width: a bin is `2^width` wide; bin `b` holds what is at least `b * 2^width` and below the next.
        first: number of the bin of `counts[0]`.
        counts: [B] int64; neither end is nought.
        missing: how many were no finite number.
    """

    width: int
    first: int
    counts: Array
    missing: int = 0

    @classmethod
    def of(cls, values: Array, width: int) -> "Histogram":
        """Of some numbers [N]."""
        finite = values[np.isfinite(values)]
        bins = np.clip(bins_of(finite, width), -FARTHEST, FARTHEST).astype(np.int64)
        first = int(bins.min(initial=FARTHEST)) if len(bins) else 0
        return cls(width, first, np.bincount(bins - first), len(values) - len(finite)).trimmed()

    @property
    def counted(self) -> int:
        """Finite numbers."""
        return int(self.counts.sum())

    @property
    def missing_share(self) -> float:
        return self.missing / max(self.counted + self.missing, 1)

    def __add__(self, other: "Histogram") -> "Histogram":
        """Both together, in the wider bins of the two."""
        width = max(self.width, other.width)
        one, two = self.coarser(width), other.coarser(width)
        first, end = span(one, two)
        counts = one.within(first, end) + two.within(first, end)
        return Histogram(width, first, counts, self.missing + other.missing).trimmed()

    def coarser(self, width: int) -> "Histogram":
        """In bins of `2^width`, which are not narrower: each holds whole bins of ours."""
        if width == self.width or not len(self.counts):
            return replace(self, width=width)
        into = (self.first + np.arange(len(self.counts))) >> (width - self.width)
        counts = np.bincount(into - into[0], self.counts).astype(np.int64)
        return replace(self, width=width, first=int(into[0]), counts=counts)

    def within(self, first: int, end: int) -> Array:
        """Counts of the bins from `first` to before `end`, which hold all of ours."""
        found = np.zeros(end - first, np.int64)
        at = self.first - first
        found[at : at + len(self.counts)] = self.counts
        return found

    def trimmed(self) -> "Histogram":
        """Without empty bins at its ends."""
        (there,) = self.counts.nonzero()
        if not len(there):
            return replace(self, first=0, counts=np.zeros(0, np.int64))
        return replace(self, first=self.first + int(there[0]), counts=self.counts[there[0] : there[-1] + 1])

    def to_row(self) -> dict[str, Any]:
        own = {"width": self.width, "first": self.first, "missing": self.missing}
        return {**own, "counts": self.counts.tolist()}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Histogram":
        return cls(row["width"], row["first"], np.array(row["counts"], np.int64), row["missing"])


def span(one: Histogram, two: Histogram) -> tuple[int, int]:
    """The first bin that either of two of one width has, and the one after the last."""
    there = [each for each in (one, two) if len(each.counts)]
    if not there:
        return 0, 0
    return min(each.first for each in there), max(each.first + len(each.counts) for each in there)
