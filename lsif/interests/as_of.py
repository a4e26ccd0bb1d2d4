"""Histories and the catalogue as they were by the end of a day, read from the tables as Arrow."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before, days_between
from lsif.errors import MissingDays
from lsif.interests.bases import usable_bases
from lsif.interests.history import BASE, HistorySettings, merge
from lsif.interests.merging import rounded
from lsif.interests.tabled import as_table
from lsif.table_schema import DS
from lsif.tables import Tables

BASE_TEXTS = ("items.list.element.item_id",)
TILE_TEXTS = ("user_id", "item_id", "days.list.element.event_type")
"""Texts that repeat, read as dictionaries."""


def catalogue_at(tables: Tables, ds: str) -> pa.Table:
    """The newest catalogue delivered by `ds`, sorted by item, without items that appeared only after that day.

    Raises:
        MissingDays: none was.
    """
    newest = tables.newest_day("items", ds)
    if newest is None:
        raise MissingDays("items", [ds])
    items = tables.read("items", [newest]).sort_by("item_id")
    appeared = pc.strftime(items["published"], "%Y-%m-%d")
    return items.filter(pc.fill_null(pc.less_equal(appeared, ds), True))


def in_force_inputs(tables: Tables, table: str, ds: str) -> dict[str, str]:
    """Fingerprints of the list in force at `ds`, and of each day since: one that comes for such a day counts."""
    return tables.fingerprints(table, days_between(tables.newest_day(table, ds) or ds, ds))


def catalogue_inputs(tables: Tables, ds: str) -> dict[str, str]:
    """`in_force_inputs` of the catalogue."""
    return in_force_inputs(tables, "items", ds)


def base_and_tile_days(
    tables: Tables, ds: str, how: HistorySettings, before: str | None = None
) -> tuple[str | None, list[str]]:
    """The newest base up to `before` (default `ds`) that is not stale, and the days after it whose tiles make the
    history at `ds`.

    Raises:
        MissingDays: one of those tiles is missing. With no base, tiles are needed from the log's first day.
    """
    tables = tables.pinned()
    base = max(usable_bases(tables, before or ds, how), default=None)
    first = day_before(base, -1) if base else log_begins(tables, "history_tiles", ds)
    return base, tables.require_days("history_tiles", min(first, ds), ds) if base != ds else []


def log_begins(tables: Tables, tiles: str, ds: str) -> str:
    """The first day of events, also when its tile is missing or was thinned; `ds` when there is none."""
    return min([*tables.days("events"), *tables.days(tiles)], default=ds)


def earlier_day(tables: Tables, ds: str, recent_days: int) -> str | None:
    """The day `recent_days` days of arrival before, as of which a list of `ds` is made too; None before the log."""
    before = day_before(ds, recent_days)
    return before if before >= min(tables.days("events"), default=ds) else None


def history_inputs(tables: Tables, ds: str, how: HistorySettings, before: str | None = None) -> dict[str, str]:
    """Fingerprints of the base and the tiles that make the history at `ds`."""
    tables = tables.pinned()
    base, days = base_and_tile_days(tables, ds, how, before)
    # Without a base, also that the log begins here: no earlier day could come without the one before its first.
    days = days if base else [day_before(days[0]), *days]
    return tables.fingerprints("long_term_histories", [base] if base else []) | tables.fingerprints(
        "history_tiles", days
    )


def history_at(tables: Tables, ds: str, catalogue: pa.Table, settings: HistorySettings) -> pa.Table:
    """Histories at `ds` with `ds`: the newest base merged with the tiles after it, rounded."""
    tables = tables.pinned()  # what is chosen may be replaced or thinned before it is read
    base, days = base_and_tile_days(tables, ds, settings)
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
