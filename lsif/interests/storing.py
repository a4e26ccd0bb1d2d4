"""Tiles, histories and windows of given days, made by Spark and committed: for a night, a past, or cutoffs."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
from pyspark.sql import SparkSession

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.interests import tiles, windows
from lsif.interests.as_of import BASE_TEXTS, base_and_tile_days, base_parts, earlier_day, tile_parts
from lsif.interests.bases import check_open, history_settings, made_from, tiles_digest
from lsif.interests.history import BASE, histories_at
from lsif.interests.long_term import histories, history_tiles, item_tiles, user_tiles
from lsif.interests.recent import recent_windows, window_days
from lsif.interests.tiles import tiles_of_day
from lsif.interests.windows import windows_at
from lsif.schema import TABLES
from lsif.spark_master import is_local
from lsif.table_schema import DS
from lsif.tables import Tables
from lsif.tables.marks import number_of

MOST_IN_A_DAY, MOST_IN_A_WINDOW = 5_000_000, 10_000_000
"""Events of a day, or of the days of a window, that one machine works on as arrays, at some 200 bytes each."""

TILES = {"user_tiles": user_tiles, "item_tiles": item_tiles, "history_tiles": history_tiles}


def store_tiles(spark: SparkSession, tables: Tables, days: Sequence[str]) -> dict[str, int]:
    """Replace the three tiles of each of `days` from its events; returns the rows of each table."""
    check_open(tables, days[0], days[-1])
    writers = {name: tables.writer(name) for name in TILES}
    wanted = tables.require_days("events", days[0], days[-1])
    if _is_alone(spark) and max(tables.rows("events", days[0], days[-1]).values()) <= MOST_IN_A_DAY:
        for ds, events in tables.by_day("events", wanted, tiles.COLUMNS):
            for name, rows in tiles_of_day(events).items():
                writers[name].write(ds, rows)
    else:
        frame = tables.frame(spark, "events", wanted)
        for name, tile in TILES.items():
            writers[name].write_frame(tile(frame), days)
    return {name: writer.commit() for name, writer in writers.items()}


def _is_alone(spark: SparkSession) -> bool:
    """One process works on arrays about ten times faster than it can hand them to a JVM and back."""
    return is_local(str(spark.sparkContext.master))


def store_histories(spark: SparkSession, tables: Tables, settings: Settings, dates: Sequence[str]) -> int:
    """Write histories at `dates` (ascending) from the newest base before them; returns their rows.

    Raises:
        MissingDays: a tile between that base and the last date is missing.
    """
    writer, tables = tables.writer("long_term_histories"), tables.pinned()
    catalogue, how = categories(tables, dates[-1]), history_settings(settings)
    base, days = base_and_tile_days(tables, dates[-1], how, before=day_before(dates[0]))
    if _is_alone(spark):

        def between(known: str, ds: str) -> Iterator[pa.Table]:
            return tile_parts(tables, [day for day in days if known < day <= ds])

        parts, known = base_parts(tables, base), base or ""
        for ds in dates:
            (made,) = histories_at(parts, known, between, catalogue, [ds], how)
            writer.write(ds, (batch for part in made for batch in part.drop_columns(DS).to_batches()))
            # Everybody's histories are more than a machine holds: the next date begins with what was written.
            parts, known = writer.row_groups(ds, BASE, BASE_TEXTS), ds
    else:
        held = tables.frame(spark, "long_term_histories", [base] if base else [])
        tiles_after = tables.frame(spark, "history_tiles", days)
        writer.write_frame(histories(held, tiles_after, catalogue, dates, how), dates)
    return writer.commit(made_from(dates, tiles_digest(tables), how))


def store_windows(spark: SparkSession, tables: Tables, settings: Settings, dates: Sequence[str]) -> tuple[int, int]:
    """Write the windows at `dates` in one pass over their events; returns the events read and the windows written."""
    writer, tables = tables.writer("recent_windows"), tables.pinned()
    reached = {at: events_in_window(tables, settings, at) for at in dates}
    recent_days, window_events = settings.interests.recent_days, settings.interests.window_events
    rows, digests = tables.rows("events"), tables.digests("events")
    if _is_alone(spark) and max(sum(rows[ds] for ds in days) for days in reached.values()) <= MOST_IN_A_WINDOW:
        for at in dates:
            events = tables.read("events", reached[at], windows.COLUMNS)
            writer.write(at, windows_at(events, at, recent_days, window_events))
    else:
        frame = tables.frame(spark, "events", {ds for days in reached.values() for ds in days})
        writer.write_frame(recent_windows(frame, dates, recent_days, window_events), dates)
    made = writer.commit(made_from={at: _window_digest(digests, settings, at) for at in dates})
    return sum(rows[ds] for ds in {ds for days in reached.values() for ds in days}), made


def window_dates(tables: Tables, ds: str, settings: Settings) -> list[str]:
    """The days whose windows a list of `ds` is made from: `recent_days` before, where the log is as old, and `ds`."""
    before = earlier_day(tables, ds, settings.interests.recent_days)
    return [before, ds] if before else [ds]


def events_in_window(tables: Tables, settings: Settings, ds: str) -> list[str]:
    """Days of arrival that the windows of `ds` need: all there are since the log began.

    Raises:
        MissingDays: one of them is missing.
    """
    first, last = window_days(ds, settings.interests.recent_days)
    return tables.require_days("events", max(first, min(tables.days("events"), default=ds)), last)


def event_window_inputs(tables: Tables, settings: Settings, ds: str) -> dict[str, str]:
    """Fingerprints of the events of every day that the windows of `ds` reach, those before the log began too."""
    events_in_window(tables, settings, ds)
    return tables.fingerprints("events", days_between(*window_days(ds, settings.interests.recent_days)))


def stale_windows(tables: Tables, settings: Settings, dates: Sequence[str]) -> list[str]:
    """Those of `dates` whose windows are not there, or were made from other events than there are now."""
    tables = tables.pinned()
    there, events = set(tables.days("recent_windows")), tables.digests("events")
    return [
        ds
        for ds in dates
        if ds not in there or tables.made_from("recent_windows", ds) != _window_digest(events, settings, ds)
    ]


def _window_digest(events: Mapping[str, int], settings: Settings, ds: str) -> int:
    first, last = window_days(ds, settings.interests.recent_days)
    # Cut off at another length it is another window, and so it is with other columns.
    made = number_of(f"{settings.interests.window_events} {' '.join(TABLES['recent_windows'].columns)}")
    return sum(number for day, number in events.items() if first <= day <= last) + made


def categories(tables: Tables, ds: str) -> pa.Table:
    """Category of each item of the newest catalogue by `ds`; of no item when none was delivered yet."""
    newest = tables.newest_day("items", ds)
    return tables.read("items", [newest] if newest else [], columns=["item_id", "category"])
