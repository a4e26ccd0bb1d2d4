"""A LightGBM re-ranker of each user's 250 most frequent items, learned from sixteen weekly cutoffs before the cut."""

import own_items
from kit import Given, Scorer, Settings, serve
from reranker import reranked

CUTOFFS = 16


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings as `reranked`."""
    return reranked(given, settings, own_items.rows, CUTOFFS)


if __name__ == "__main__":
    serve(fit, "lightgbm")
