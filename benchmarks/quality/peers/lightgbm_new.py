"""A LightGBM re-ranker of items that a user never had, learned from eight weekly cutoffs before the cut."""

import new_items
from kit import Given, Scorer, Settings, serve
from reranker import reranked

CUTOFFS = 8


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings as `reranked`."""
    return reranked(given, settings, new_items.rows, CUTOFFS)


if __name__ == "__main__":
    serve(fit, "lightgbm")
