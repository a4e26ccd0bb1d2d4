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
MINUTE_HALF_LIVES = (1.0, 15.0)
MINUTED, MINUTES = 3, 60
"""Hours before the end of `ds` that are known by the minute, and minutes of each."""
SCHEMA = arrow_schema(TABLES["item_hours"], with_ds=False)
NO_HOURS = SCHEMA.empty_table()
MICROS_OF_HOUR, MICROS_OF_MINUTE, HOURS_OF_DAY = 3_600_000_000, 60_000_000, 24
KEY = ["item_id", "hour"]


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
    taken = pa.concat_tables(part.rows for part in parts)
    counted = taken.group_by([*KEY, "user_id"]).aggregate([("n", "sum")])
    counted = counted.group_by(KEY).aggregate([("n_sum", "sum"), ("n_sum", "count")])
    counted = counted.rename_columns([*KEY, "events", "buyers"]).sort_by([(name, "ascending") for name in KEY])
    return counted.append_column("buyers_by_minute", _by_minute(taken, counted)).select(SCHEMA.names).cast(SCHEMA)


def _by_minute(taken: pa.Table, rows: pa.Table) -> pa.Array:
    """Users in each minute of each of `rows`, null where minutes are not known."""
    rows = rows.select(KEY).append_column("row", pa.array(np.arange(len(rows))))
    taken = taken.filter(pc.is_valid(taken["minute"])).group_by([*KEY, "minute", "user_id"]).aggregate([])
    taken = taken.group_by([*KEY, "minute"]).aggregate([("user_id", "count")]).join(rows, KEY)
    row, at = np.unique(taken["row"].to_numpy(), return_inverse=True)
    buyers = np.zeros((len(row), MINUTES), np.int64)
    buyers[at, taken["minute"].to_numpy()] = taken["user_id_count"].to_numpy()
    place = np.full(len(rows), -1)
    place[row] = np.arange(len(row))
    lists = pa.FixedSizeListArray.from_arrays(pa.array(buyers.ravel()), MINUTES).cast(pa.list_(pa.int64()))
    return lists.take(pa.array(place, mask=place < 0))


@dataclass(frozen=True)
class _Taken:
    """Distinct takings of a day's events (`KEY`, user_id, minute, n), and two times of the day at which they were.

    Minutes are of the hour, null where they are not told apart.
    """

    rows: pa.Table
    clock: list[int]


def _taken(events: pa.Table, ds: str) -> _Taken:
    moment = pc.cast(events["event_time"], pa.int64()).to_numpy()
    first = (day_number(ds) - DAYS + 1) * HOURS_OF_DAY * MICROS_OF_HOUR
    known = pc.and_(pc.greater(events["weight"], 0), pc.is_valid(events["item_id"])).to_numpy()
    kept = np.flatnonzero(known & (moment >= first))
    moment = moment[kept]
    hour = pa.array(moment // MICROS_OF_HOUR * MICROS_OF_HOUR).cast(pa.timestamp("us", "UTC"))
    known_from = ((day_number(ds) + 1) * HOURS_OF_DAY - MINUTED) * MICROS_OF_HOUR
    minute = pa.array(moment % MICROS_OF_HOUR // MICROS_OF_MINUTE, mask=moment < known_from)
    columns = [pc.cast(events[name], pa.string()).take(pa.array(kept)) for name in ("item_id", "user_id")]
    rows = pa.table({"item_id": columns[0], "hour": hour, "user_id": columns[1], "minute": minute})
    rows = rows.group_by(rows.column_names).aggregate([([], "count_all")])
    clock = np.unique(moment % (HOURS_OF_DAY * MICROS_OF_HOUR))[:2].tolist()
    return _Taken(rows.rename_columns([*KEY, "user_id", "minute", "n"]), clock)


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
    lately = _last_minutes(hours.filter(pa.array(kept)), item[kept], age[kept], size)
    item, age, buyers = item[kept], age[kept], hours["buyers"].to_numpy()[kept].astype(np.float64)
    newest, oldest = np.full(size, HOURS), np.full(size, -1)
    np.minimum.at(newest, item, age)
    np.maximum.at(oldest, item, age)
    amounts = [buyers * (age < span) for span in HOUR_SPANS]
    decayed = [buyers * 2.0 ** (-age / half_life) for half_life in HOUR_HALF_LIVES]
    return {
        "buyers_hours": np.stack([np.bincount(item, amount, size) for amount in amounts], axis=1),
        "buyers_hours_decayed": np.stack([np.bincount(item, amount, size) for amount in decayed], axis=1),
        "buyers_minutes_decayed": lately,
        "newest_hour": newest,
        "oldest_hour": np.where(oldest < 0, HOURS, oldest),
    }


def _last_minutes(hours: pa.Table, item: Array, age: Array, size: int) -> Array:
    """Users of the hours that are known by the minute, decayed by each of `MINUTE_HALF_LIVES` [V, half-lives].

    Args:
        hours: rows of `item_hours`.
        item, age: of each row, the latter in hours [N].
    """
    known = pc.is_valid(hours["buyers_by_minute"]).to_numpy()
    buyers = pc.list_flatten(hours["buyers_by_minute"]).to_numpy(zero_copy_only=False).reshape(-1, MINUTES)
    minutes = age[known, None] * MINUTES + np.arange(MINUTES)[::-1]  # to the end of `ds`
    decayed = [(buyers * 2.0 ** (-minutes / half_life)).sum(1) for half_life in MINUTE_HALF_LIVES]
    return np.stack([np.bincount(item[known], amount, size) for amount in decayed], axis=1)
