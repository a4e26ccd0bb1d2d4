"""A LightGBM re-ranker that knows hours and what similar users took lately, learned from the cutoffs before the cut."""

from functools import cache, partial

import recent_items
from kit import Given, Scorer, Settings, serve
from reranker import Rows, reranked

CUTOFFS = 6


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings as `reranked`."""
    return reranked(given, settings, _candidates(given), CUTOFFS)


@cache
def _candidates(given: Given) -> Rows:
    """One function for all settings, so that they share their examples."""
    kind = given.items["category"].fill_null("").rank("dense").to_numpy() - 1
    return partial(recent_items.rows, kind=kind)


if __name__ == "__main__":
    serve(fit, "lightgbm")
