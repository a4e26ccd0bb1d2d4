"""How far one distribution is from another: the population stability index.

`PSI = Σ (q - p) · ln(q / p)` over parts, `p` the share of the reference and `q` tonight's: Kullback and Leibler's
divergence taken both ways and added up (Kullback & Leibler, 1951). As a measure of drift: N. Siddiqi, "Credit Risk
Scorecards", Wiley 2006, with the usual reading of E. M. Lewis, "An Introduction to Credit Scoring", 1994: below .1 no
change, above .25 one that matters. A shift of a normal distribution by one deviation is 1.
"""

import numpy as np

from lsif.drift.histogram import Histogram, span
from lsif.features.ragged import Array

PARTS = 10
"""The reference is cut at its tenths."""
LEAST = 0.005
"""Share that is added to each part of both, so that an empty one is no infinity and a handful of values no drift."""


def psi(reference: Histogram, tonight: Histogram) -> float:
    """Of two histograms that are not empty, whatever the widths of their bins."""
    width = max(reference.width, tonight.width)
    one, two = reference.coarser(width), tonight.coarser(width)
    first, end = span(one, two)
    was, now = one.within(first, end), two.within(first, end)
    starts = _starts(was)
    p, q = (_shares(np.add.reduceat(counts, starts)) for counts in (was, now))
    return float(((q - p) * np.log(q / p)).sum())


def _starts(counts: Array) -> Array:
    """The bins at which parts begin.

    They are the tenths of the reference. A bin that alone holds a tenth or more is a part of its own, since a column is
    often nought for nearly everybody, and what lies outside of all that the reference has seen is one on either side.
    """
    total, there = counts.sum(), counts.nonzero()[0]
    before = np.searchsorted(np.cumsum(counts), total * np.arange(1, PARTS) / PARTS)
    (heavy,) = (counts * PARTS >= total).nonzero()
    cuts = np.unique(np.concatenate([[0, there[0], there[-1] + 1], before + 1, heavy, heavy + 1]))
    return cuts[cuts < len(counts)]


def _shares(counts: Array) -> Array:
    added = LEAST * counts.sum()
    shares: Array = (counts + added) / (counts.sum() + added * len(counts))
    return shares
