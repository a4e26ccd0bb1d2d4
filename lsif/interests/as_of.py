"""Everything that was known by the end of a day, as the trainer and the scorer both read it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.errors import MissingDays
from lsif.interests.bases import usable_bases
from lsif.interests.history import BASE, HistorySettings, merge
from lsif.interests.merging import rounded
from lsif.interests.tabled import as_table
from lsif.schema import DS
from lsif.tables import Tables

BASE_TEXTS = ("items.list.element.item_id",)
TILE_TEXTS = ("user_id", "item_id", "days.list.element.event_type")
"""Texts that repeat, read as dictionaries."""


@dataclass(frozen=True)
class Known:
    """What had arrived by the end of `ds`.

    Attributes:
        histories: `long_term_histories` at `ds`, one row per user, sorted; weights are rounded to about ten digits.
        windows: `recent_windows` at `ds`.
        item_tiles, user_tiles: of the `popularity_days` days up to `ds` (fewer where the log is younger), with `ds`.
        items: the newest catalogue at or before `ds`.
    """

    ds: str
    histories: pa.Table
    windows: pa.Table
    item_tiles: pa.Table
    user_tiles: pa.Table
    items: pa.Table

    def user_ids(self) -> pa.Array:
        """Sorted ids of everyone with a history, a window or a visit: those who get a list."""
        tables = (self.histories, self.windows, self.user_tiles)
        chunks = [chunk for table in tables for chunk in table["user_id"].cast(pa.string()).chunks]
        return pc.unique(pa.chunked_array(chunks, pa.string())).sort()


def known_at(tables: Tables, ds: str, settings: Settings) -> Known:
    """Read what was known at `ds`.

    Raises:
        MissingDays: the window or the catalogue of `ds` is missing, or a tile that is needed.
    """
    tables.require_days("recent_windows", ds, ds)
    items = catalogue_at(tables, ds)
    first = max(day_before(ds, settings.interests.popularity_days - 1), _log_begins(tables, "item_tiles", ds))
    return Known(
        ds,
        histories=history_at(tables, ds, items, history_settings(settings)),
        windows=tables.read("recent_windows", [ds]).sort_by("user_id"),
        item_tiles=tables.read("item_tiles", tables.require_days("item_tiles", first, ds)),
        user_tiles=tables.read("user_tiles", tables.require_days("user_tiles", first, ds)),
        items=items,
    )


def history_settings(settings: Settings) -> HistorySettings:
    return HistorySettings(settings.interests.half_lives_days, settings.interests.last_days)


def catalogue_at(tables: Tables, ds: str) -> pa.Table:
    """The newest catalogue delivered by `ds`, sorted by item.

    Raises:
        MissingDays: none was.
    """
    newest = tables.newest_day("items", ds)
    if newest is None:
        raise MissingDays("items", [ds])
    return tables.read("items", [newest]).sort_by("item_id")


def catalogue_inputs(tables: Tables, ds: str) -> dict[str, str]:
    """Fingerprints of the catalogue in force at `ds`, and of each day since: one that comes for such a day counts."""
    return tables.fingerprints("items", days_between(tables.newest_day("items", ds) or ds, ds))


def base_and_tile_days(tables: Tables, ds: str, before: str | None = None) -> tuple[str | None, list[str]]:
    """The newest base up to `before` (default `ds`) that is not stale, and the days after it whose tiles make the
    history at `ds`.

    Raises:
        MissingDays: one of those tiles is missing. With no base, tiles are needed from the log's first day.
    """
    tables = tables.pinned()
    base = max(usable_bases(tables, before or ds), default=None)
    first = day_before(base, -1) if base else _log_begins(tables, "history_tiles", ds)
    return base, tables.require_days("history_tiles", min(first, ds), ds) if base != ds else []


def _log_begins(tables: Tables, tiles: str, ds: str) -> str:
    """The first day of events, also when its tile is missing or was thinned; `ds` when there is none."""
    return min([*tables.days("events"), *tables.days(tiles)], default=ds)


def history_inputs(tables: Tables, ds: str, before: str | None = None) -> dict[str, str]:
    """Fingerprints of the base and the tiles that make the history at `ds`."""
    tables = tables.pinned()
    base, days = base_and_tile_days(tables, ds, before)
    # Without a base, also that the log begins here: no earlier day could come without the one before its first.
    days = days if base else [day_before(days[0]), *days]
    return tables.fingerprints("long_term_histories", [base] if base else []) | tables.fingerprints(
        "history_tiles", days
    )


def history_at(tables: Tables, ds: str, catalogue: pa.Table, settings: HistorySettings) -> pa.Table:
    """Histories at `ds` with `ds`: the newest base merged with the tiles after it, rounded."""
    tables = tables.pinned()  # what is chosen may be replaced or thinned before it is read
    base, days = base_and_tile_days(tables, ds)
    parts = merge(base_parts(tables, base), tile_parts(tables, days), ds, settings)
    return pa.concat_tables(as_table(rounded(part), catalogue, ds) for part in parts)


def base_parts(tables: Tables, base: str | None) -> Iterator[pa.Table]:
    """What a merge reads of the base at a day, as `merge` wants it; nothing where there is no base."""
    if base is None:
        return
    users = tables.read("long_term_histories", [base], ["user_id"])["user_id"]
    if len(users) < 2 or pc.all(pc.less(users[:-1], users[1:])).as_py():
        yield from tables.row_groups("long_term_histories", base, BASE, BASE_TEXTS)
    else:  # Spark's files are sorted each, but not among each other
        yield tables.read("long_term_histories", [base], [*BASE, DS])


def tile_parts(tables: Tables, days: Sequence[str]) -> Iterator[pa.Table]:
    """Tiles of `days` (ascending), a row group at a time: a long past never lies in memory as tables."""
    for ds in days:
        yield from tables.row_groups("history_tiles", ds, ["user_id", "item_id", "days"], TILE_TEXTS)
