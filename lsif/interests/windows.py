"""Windows of one day as arrays: what `recent.py` says in Spark, where a month of events fits."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.interests.arrays import as_structs, codes, column, numbers, run_starts
from lsif.interests.tiles import MICROS_OF_DAY
from lsif.outcomes import IMPRESSION
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

COLUMNS = ["user_id", "item_id", "event_type", "event_time"]
"""What windows are made of."""

EPOCH = date(1970, 1, 1).toordinal()


def windows_at(events: pa.Table, ds: str, recent_days: int, window_events: int) -> pa.Table:
    """Rows of the table `recent_windows` at `ds`, sorted by user.

    Args:
        events: `COLUMNS` of the events that arrived on the days which `recent.window_days` says.
    """
    events = events.filter(pc.field("event_type") != IMPRESSION)
    last = date.fromisoformat(ds).toordinal() - EPOCH
    day = numbers(column(events, "event_time").cast(pa.int64()), np.int64) // MICROS_OF_DAY
    named = column(events, "item_id").is_valid().to_numpy(zero_copy_only=False)
    recent = events.filter(pa.array(named & (day <= last) & (day > last - recent_days)))
    users, user = codes(column(recent, "user_id"))
    items, item = codes(column(recent, "item_id"))
    kinds, kind = codes(column(recent, "event_type"))
    moment = numbers(column(recent, "event_time").cast(pa.int64()), np.int64)
    order = np.lexsort((kind, item, moment, user))
    starts = run_starts(user[order])
    lengths = np.diff(starts, append=len(order))
    from_end = np.repeat(starts + lengths, lengths) - np.arange(len(order))
    kept = order[from_end <= window_events]
    rows = as_structs(
        item_id=items.take(pa.array(item[kept])),
        event_type=kinds.take(pa.array(kind[kept])),
        event_time=pa.array(moment[kept]).cast(pa.timestamp("us", "UTC")),
    )
    offsets = np.append(0, np.cumsum(np.minimum(lengths, window_events))).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), rows)
    made = pa.table({"user_id": users, "events": lists})
    return made.cast(arrow_schema(TABLES["recent_windows"], with_ds=False))
