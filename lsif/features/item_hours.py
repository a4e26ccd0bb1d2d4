"""How many took each item in each of the last week's hours, as of one day: the table `item_hours`, and what follows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before, days_between
from lsif.features.ragged import Array, day_number, indices_in
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

DAYS = 7
HOURS = 24 * DAYS
"""How far back an hour is told from its neighbours."""
COLUMNS = ["user_id", "item_id", "event_time", "weight"]
"""What hours are made of."""
HOUR_SPANS = (1, 3, 6, 12, 24)
"""Hours back from the end of `ds` in which takings are counted."""
HOUR_HALF_LIVES = (1.0, 3.0, 6.0, 12.0, 24.0, 72.0)
SCHEMA = arrow_schema(TABLES["item_hours"], with_ds=False)
NO_HOURS = SCHEMA.empty_table()
MICROS_OF_HOUR, HOURS_OF_DAY = 3_600_000_000, 24


def last_days(ds: str) -> list[str]:
    """The days of arrival whose events can be of those hours: no event arrives before its day."""
    return days_between(day_before(ds, DAYS - 1), ds)


def item_hours(days: Iterable[pa.Table], ds: str) -> pa.Table:
    """Rows of the table `item_hours` at `ds`, sorted by item, then hour.

    A log in which everything happens at one time of the day knows no hours: there is no row then.

    Args:
        days: `COLUMNS` of the events that arrived on each of `last_days`.
    """
    parts = [_taken(events, ds) for events in days]
    if len({moment for part in parts for moment in part.clock}) < 2:
        return NO_HOURS
    counted = (
        pa.concat_tables(part.rows for part in parts).group_by(["item_id", "hour", "user_id"]).aggregate([("n", "sum")])
    )
    counted = counted.group_by(["item_id", "hour"]).aggregate([("n_sum", "sum"), ("n_sum", "count")])
    counted = counted.rename_columns(["item_id", "hour", "events", "buyers"])
    return counted.sort_by([("item_id", "ascending"), ("hour", "ascending")]).select(SCHEMA.names).cast(SCHEMA)


@dataclass(frozen=True)
class _Taken:
    """Distinct takings of a day's events (item_id, hour, user_id, n), and two times of the day at which they were."""

    rows: pa.Table
    clock: list[int]


def _taken(events: pa.Table, ds: str) -> _Taken:
    moment = pc.cast(events["event_time"], pa.int64()).to_numpy()
    first = (day_number(ds) - DAYS + 1) * HOURS_OF_DAY * MICROS_OF_HOUR
    known = pc.and_(pc.greater(events["weight"], 0), pc.is_valid(events["item_id"])).to_numpy()
    kept = np.flatnonzero(known & (moment >= first))
    hour = pa.array(moment[kept] // MICROS_OF_HOUR * MICROS_OF_HOUR).cast(pa.timestamp("us", "UTC"))
    columns = [pc.cast(events[name], pa.string()).take(pa.array(kept)) for name in ("item_id", "user_id")]
    rows = pa.table({"item_id": columns[0], "hour": hour, "user_id": columns[1]})
    rows = rows.group_by(["item_id", "hour", "user_id"]).aggregate([([], "count_all")])
    clock = np.unique(moment[kept] % (HOURS_OF_DAY * MICROS_OF_HOUR))[:2].tolist()
    return _Taken(rows.rename_columns(["item_id", "hour", "user_id", "n"]), clock)


def of_items(hours: pa.Table, ds: str, item_ids: pa.Array) -> dict[str, Array]:
    """Counts and ages of the items, by the column of `item_states` that holds them.

    Ages are hours from the hour's end to that of `ds`; `HOURS` where nothing was taken.

    Args:
        hours: rows of `item_hours` at `ds`; takings of items that are not asked for are left out.
    """
    item, size = indices_in(hours["item_id"], item_ids), len(item_ids)
    end = (day_number(ds) + 1) * HOURS_OF_DAY
    age = end - 1 - pc.cast(hours["hour"], pa.int64()).to_numpy() // MICROS_OF_HOUR
    kept = item >= 0
    item, age, buyers = item[kept], age[kept], hours["buyers"].to_numpy()[kept].astype(np.float64)
    newest, oldest = np.full(size, HOURS), np.full(size, -1)
    np.minimum.at(newest, item, age)
    np.maximum.at(oldest, item, age)
    amounts = [buyers * (age < span) for span in HOUR_SPANS]
    decayed = [buyers * 2.0 ** (-age / half_life) for half_life in HOUR_HALF_LIVES]
    return {
        "buyers_hours": np.stack([np.bincount(item, amount, size) for amount in amounts], axis=1),
        "buyers_hours_decayed": np.stack([np.bincount(item, amount, size) for amount in decayed], axis=1),
        "newest_hour": newest,
        "oldest_hour": np.where(oldest < 0, HOURS, oldest),
    }
