"""Tiles, histories and windows of given days, made by Spark and committed: for a night, a past, or cutoffs."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.interests import tiles, windows
from lsif.interests.as_of import base_and_tile_days, history_settings
from lsif.interests.bases import base_days, tile_rows
from lsif.interests.history import histories_at
from lsif.interests.long_term import histories, history_tiles, item_tiles, user_tiles
from lsif.interests.recent import recent_windows, window_days
from lsif.interests.tiles import tiles_of_day
from lsif.interests.windows import windows_at
from lsif.schema import DS
from lsif.tables import Tables

MOST_IN_A_DAY, MOST_IN_A_WINDOW = 5_000_000, 10_000_000
"""Events of a day, or of the days of a window, that one machine works on as arrays, at some 200 bytes each."""

TILES = {"user_tiles": user_tiles, "item_tiles": item_tiles, "history_tiles": history_tiles}


def store_tiles(spark: SparkSession, tables: Tables, days: Sequence[str]) -> dict[str, int]:
    """Replace the three tiles of each of `days` from its events; returns the rows of each table."""
    writers = {name: tables.writer(name) for name in TILES}
    wanted = tables.require_days("events", days[0], days[-1])
    if _is_local(spark) and max(_rows_of_days(tables, wanted).values(), default=0) <= MOST_IN_A_DAY:
        for ds in wanted:
            for name, rows in tiles_of_day(tables.read("events", [ds], tiles.COLUMNS)).items():
                writers[name].write(ds, rows)
    else:
        events = tables.frame(spark, "events", wanted)
        for name, tile in TILES.items():
            writers[name].write_frame(tile(events), days)
    return {name: writer.commit() for name, writer in writers.items()}


def _is_local(spark: SparkSession) -> bool:
    """One process works on arrays about ten times faster than it can hand them to a JVM and back."""
    return str(spark.sparkContext.master).startswith("local")


def _rows_of_days(tables: Tables, days: Sequence[str]) -> dict[str, int]:
    """Events of each day that has any."""
    counted = pc.value_counts(tables.read("events", days, [DS])[DS]).to_pylist()
    return {entry["values"]: entry["counts"] for entry in counted}


def store_histories(spark: SparkSession, tables: Tables, settings: Settings, dates: Sequence[str]) -> int:
    """Write histories at `dates` (ascending) from the newest base before them; returns their rows.

    Raises:
        MissingDays: a tile between that base and the last date is missing.
    """
    writer = tables.writer("long_term_histories")
    base, days = base_and_tile_days(tables, dates[-1], before=day_before(dates[0]))
    held, catalogue, how = [base] if base else [], categories(tables, dates[-1]), history_settings(settings)
    if _is_local(spark):
        tiles = tables.read("history_tiles", days)
        made = histories_at(tables.read("long_term_histories", held), tiles, catalogue, dates, how)
        for ds, rows in zip(dates, made, strict=True):
            writer.write(ds, rows.drop_columns(DS))
    else:
        frames = (tables.frame(spark, "long_term_histories", held), tables.frame(spark, "history_tiles", days))
        writer.write_frame(histories(*frames, catalogue, dates, how), dates)
    return writer.commit()


def store_base_if_due(spark: SparkSession, tables: Tables, settings: Settings, ds: str) -> str:
    """Write a base at `ds` when the tiles call for one; returns a note for the ledger.

    A gap in the tiles before `ds` puts the base off: the decision would hang on the order in which days are written.
    """
    rows = tile_rows(tables, ds)
    if gap := len(days_between(min(rows), ds)) - len(rows):
        return f"no base: {gap} tiles before it are missing"
    if ds not in base_days(rows):
        return "no base due"
    store_histories(spark, tables, settings, [ds])
    return "with a new base"


def stale_bases(tables: Tables, ds: str, tile_before: pa.Table) -> str:
    """A note that names the bases which hold another tile of `ds` than the one now stored."""
    later = tables.days("long_term_histories", first=day_before(ds, -1))
    if not (len(tile_before) and later) or tile_before.equals(tables.read("history_tiles", [ds])):
        return ""
    return f"; bases of {', '.join(later)} still hold the tile before it: run those days again with --force"


def store_windows(spark: SparkSession, tables: Tables, settings: Settings, dates: Sequence[str]) -> tuple[int, int]:
    """Write the windows at `dates` in one pass over their events; returns the events read and the windows written."""
    writer = tables.writer("recent_windows")
    reached = {at: events_in_window(tables, settings, at) for at in dates}
    days = sorted({ds for listed in reached.values() for ds in listed})
    recent_days, window_events = settings.interests.recent_days, settings.interests.window_events
    rows = _rows_of_days(tables, days)
    if _is_local(spark) and max(sum(rows.get(ds, 0) for ds in reached[at]) for at in dates) <= MOST_IN_A_WINDOW:
        for at in dates:
            events = tables.read("events", reached[at], windows.COLUMNS)
            writer.write(at, windows_at(events, at, recent_days, window_events))
    else:
        frame = tables.frame(spark, "events", days)
        writer.write_frame(recent_windows(frame, dates, recent_days, window_events), dates)
    return sum(rows.values()), writer.commit()


def events_in_window(tables: Tables, settings: Settings, ds: str) -> list[str]:
    """Days of arrival that the windows of `ds` need: all there are since the log began.

    Raises:
        MissingDays: one of them is missing.
    """
    first, last = window_days(ds, settings.interests.recent_days)
    return tables.require_days("events", max(first, min(tables.days("events"), default=ds)), last)


def categories(tables: Tables, ds: str) -> pa.Table:
    """Category of each item of the newest catalogue by `ds`; of no item when none was delivered yet."""
    newest = tables.newest_day("items", ds)
    return tables.read("items", [newest] if newest else [], columns=["item_id", "category"])
