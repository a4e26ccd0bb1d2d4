"""What sells now: the list for users nobody knows anything about, and the first baseline."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before
from lsif.features.known import Known

DECIMALS = 6
"""Scores are rounded before they are ranked, so that equal inputs give equal lists on every machine."""


def available_items(known: Known) -> pa.Array:
    """Sorted ids of what may be recommended at `known.ds`: the catalogue but for what it calls unavailable."""
    available = pc.fill_null(known.items["available"], True)
    return pc.unique(known.items["item_id"].filter(available)).sort()


def popular_items(known: Known, days: int, k: int) -> pa.Table:
    """The `k` items of most weight in the last `days` days.

    Items without an event follow by item id, so that the list is only shorter than `k` when the catalogue is.

    Returns:
        item_id, score (sum of event weights); most first, ties by item id.
    """
    candidates = available_items(known)
    recent = known.item_tiles.filter(pc.field("ds") > day_before(known.ds, days))
    # Floats are added in ascending ds: the order of files must not change a sum.
    recent = recent.sort_by([("ds", "ascending"), ("item_id", "ascending")])
    places = pc.index_in(recent["item_id"].combine_chunks(), value_set=candidates)
    inside = places.is_valid()
    weights = np.bincount(
        np.asarray(places.filter(inside)),
        weights=np.asarray(recent["weight"].combine_chunks().filter(inside)),
        minlength=len(candidates),
    ).round(DECIMALS)
    best = np.lexsort((np.arange(len(weights)), -weights))[:k]
    return pa.table({"item_id": candidates.take(pa.array(best)), "score": weights[best]})
