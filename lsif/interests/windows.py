"""Windows of one day as arrays: what `recent.py` says in Spark, where a month of events fits."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import MICROS_OF_DAY
from lsif.interests.arrays import Ints, as_structs, codes, column, numbers
from lsif.outcomes import IMPRESSION
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

COLUMNS = ["user_id", "item_id", "query", "event_type", "event_time"]
"""What windows are made of."""
MOST_SEARCHES = 16
"""Searches that a window keeps of a user, where it may hold as many events."""

EPOCH = date(1970, 1, 1).toordinal()


def windows_at(events: pa.Table, ds: str, recent_days: int, window_events: int) -> pa.Table:
    """Rows of the table `recent_windows` at `ds`, sorted by user.

    Args:
        events: `COLUMNS` of the events that arrived on the days which `recent.window_days` says.
    """
    events = events.filter(pc.field("event_type") != IMPRESSION)
    last = date.fromisoformat(ds).toordinal() - EPOCH
    day = numbers(column(events, "event_time").cast(pa.int64()), np.int64) // MICROS_OF_DAY
    named = pc.or_(column(events, "item_id").is_valid(), column(events, "query").is_valid())
    named = named.to_numpy(zero_copy_only=False)
    recent = events.filter(pa.array(named & (day <= last) & (day > last - recent_days)))
    users, user = codes(column(recent, "user_id"))
    lists = {
        field: _last(recent, user, len(users), name, most)
        for field, name, most in (
            ("events", "item_id", window_events),
            ("searches", "query", min(window_events, MOST_SEARCHES)),
        )
    }
    return pa.table({"user_id": users, **lists}).cast(arrow_schema(TABLES["recent_windows"], with_ds=False))


def _last(events: pa.Table, user: Ints, users: int, name: str, most: int) -> pa.ListArray:
    """Of each user's events that hold `name`, the last ones, oldest first."""
    there = column(events, name).is_valid()
    rows, user = events.filter(there), user[there.to_numpy(zero_copy_only=False)]
    texts, text = codes(column(rows, name))
    kinds, kind = codes(column(rows, "event_type"))
    moment = numbers(column(rows, "event_time").cast(pa.int64()), np.int64)
    order = np.lexsort((kind, text, moment, user))
    counts = np.bincount(user, minlength=users)
    from_end = np.repeat(np.cumsum(counts), counts) - np.arange(len(order))
    kept = order[from_end <= most]
    values = {
        name: texts.take(pa.array(text[kept])),
        "event_type": kinds.take(pa.array(kind[kept])),
        "event_time": pa.array(moment[kept]).cast(pa.timestamp("us", "UTC")),
    }
    offsets = np.append(0, np.cumsum(np.minimum(counts, most))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), as_structs(**values))
