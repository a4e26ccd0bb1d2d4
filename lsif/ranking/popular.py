"""What sells now: the list for users nobody knows anything about, and the first baseline."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before
from lsif.features.evening import Evening
from lsif.features.ragged import Array

DECIMALS = 6
"""Scores are rounded before they are ranked, so that equal inputs give equal lists on every machine."""


def available_items(items: pa.Table) -> pa.Array:
    """Sorted ids of what may be recommended: the catalogue but for what it calls unavailable."""
    available = pc.fill_null(items["available"], True)
    return pc.unique(items["item_id"].filter(available)).sort()


def appeared_lately(items: pa.Table, ds: str, recent_days: int) -> pa.ChunkedArray:
    """Whether each item appeared (`published`) in the last `recent_days` days; null where nobody knows."""
    return pc.greater(pc.strftime(items["published"], "%Y-%m-%d"), day_before(ds, recent_days))


def popularity(at: Evening, days: int) -> tuple[pa.Array, Array]:
    """What may be recommended, sorted ids, and the sum of each one's event weights in the last `days` days [V]."""
    candidates = available_items(at.items)
    recent = at.item_tiles.filter(pc.field("ds") > day_before(at.ds, days))
    # Floats are added in ascending ds: the order of files must not change a sum.
    recent = recent.sort_by([("ds", "ascending"), ("item_id", "ascending")])
    places = pc.index_in(recent["item_id"].combine_chunks(), value_set=candidates)
    inside = places.is_valid()
    weights = np.bincount(
        np.asarray(places.filter(inside)),
        weights=np.asarray(recent["weight"].combine_chunks().filter(inside)),
        minlength=len(candidates),
    ).round(DECIMALS)
    return candidates, weights


def popular_items(at: Evening, days: int, k: int) -> pa.Table:
    """The `k` items of most weight in the last `days` days.

    Items without an event follow by item id, so that the list is only shorter than `k` when the catalogue is.

    Returns:
        item_id, score (sum of event weights); most first, ties by item id.
    """
    candidates, weights = popularity(at, days)
    best = np.argsort(-weights, kind="stable")[:k]
    return pa.table({"item_id": candidates.take(pa.array(best)), "score": weights[best]})
