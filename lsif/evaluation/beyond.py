"""What lists are like beside being right: how much of the catalogue they show, how little known, how different."""

import numpy as np

from lsif.evaluation.metrics import Floats, Ints


def coverage(counts: Ints, items: int) -> float:
    """Share of the catalogue's `items` that stands in any list; `counts` of lists per listed item, each ≥ 1."""
    return len(counts) / items


def novelty(holders: Floats, users: int) -> Floats:
    """Self-information in bits of listed items: −log2 of the share of `users` who had it, half a user at the least."""
    return np.asarray(-np.log2(np.maximum(holders, 0.5) / users), dtype=np.float64)


def personalisation(counts: Ints, lists: int, k: int) -> float:
    """One less the mean share of items that two different users' lists of length `k` have in common.

    Args:
        counts: number of lists that hold each item; an item stands once in a list.
        lists: how many lists; one alone is 1.
    """
    if lists < 2:
        return 1.0
    together = float((counts * (counts - 1.0)).sum())
    return 1.0 - together / (lists * (lists - 1.0) * k)
