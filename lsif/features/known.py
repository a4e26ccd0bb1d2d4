"""Everything that was known by the end of a day, as the trainer and the scorer both read it.

Half of it belongs to users and is read for some of them at a time: `Users`. The other half is of the items and the same
for all: `lsif.features.evening`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.interests.as_of import base_and_tile_days, log_begins
from lsif.interests.bases import history_settings
from lsif.interests.history import BASE, merge
from lsif.interests.merging import rounded
from lsif.interests.tabled import items_by_user
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

BLOCK = 1024
"""Users whose features are made at once, and whose lists by one thread."""
SPAN, SPAN_BYTES = 2**14, 2**24
"""Users, and bytes of files, that are read at once: row groups hold more users than a block."""


@dataclass(frozen=True)
class Users:
    """What had arrived of some users by the end of `ds`; who of them was not known then has no row.

    Attributes:
        ids: sorted [U].
        histories: `user_id`, `items` of `long_term_histories`, sorted; weights are rounded to about ten digits.
        windows: `recent_windows`, sorted.
        visits: `user_tiles` of the `popularity_days` days up to `ds` (fewer where the log is younger), with `ds`.
    """

    ds: str
    ids: pa.Array
    histories: pa.Table
    windows: pa.Table
    visits: pa.Table

    def only(self, ids: pa.Array) -> "Users":
        """These users alone, known or not."""
        tables = ({"histories": self.histories, "windows": self.windows, "visits": self.visits}).items()
        kept = {name: rows.filter(pc.is_in(rows["user_id"], value_set=ids)) for name, rows in tables}
        return Users(self.ds, ids, **kept)

    def own_items(self) -> pa.Table:
        """Every user_id and item_id of the histories."""
        return _items_of(self.histories, "items")

    def seen_items(self) -> pa.Table:
        """Every user_id and item_id of the windows, as often as it stands there."""
        return _items_of(self.windows, "events")


def _items_of(rows: pa.Table, name: str) -> pa.Table:
    """user_id and item_id of each element of a column of lists."""
    lists = rows[name].combine_chunks()
    owner = rows["user_id"].combine_chunks().take(pc.list_parent_indices(lists))
    items = pc.struct_field(lists.flatten(), "item_id")
    return pa.table({"user_id": owner.cast(pa.string()), "item_id": items.cast(pa.string())})


class Everyone:
    """The tables of one date, to be read for some users at a time.

    Raises:
        MissingDays: the window of `ds` is missing, or a tile that is needed.
    """

    def __init__(self, tables: Tables, ds: str, settings: Settings) -> None:
        tables = tables.pinned()  # what is chosen may be replaced or thinned before it is read
        tables.require_days("recent_windows", ds, ds)
        self.ds, self._how = ds, history_settings(settings)
        base, days = base_and_tile_days(tables, ds, self._how)
        self._base = tables.by_user("long_term_histories", [base] if base else [], BASE)
        self._tiles = tables.by_user("history_tiles", days, ["user_id", "item_id", "days"])
        self._windows = tables.by_user("recent_windows", [ds], ["user_id", "events", "searches"])
        visited = days_of_tiles(tables, "user_tiles", ds, settings)
        self._visits = tables.by_user("user_tiles", visited, ["user_id", "events", "baskets"])

    @cached_property
    def ids(self) -> pa.Array:
        """Sorted ids of all with a history, a window or a visit: those who get a list."""
        return _together(self.with_history, self._windows.users(), self._visits.users())

    @cached_property
    def with_history(self) -> pa.Array:
        """Sorted ids of all with a history."""
        return _together(self._base.users(), self._tiles.users())

    def of(self, ids: pa.Array) -> Users:
        """What is known of these users (sorted, at least one)."""
        windows, visits = self._windows.of(ids), self._visits.of(ids)
        return Users(self.ds, ids, self.histories_of(ids), windows.sort_by("user_id"), visits)

    def histories(self) -> Iterator[pa.Table]:
        """Everybody's histories, some users at a time, ascending."""
        return (self.histories_of(span) for span in self.spans(self.with_history))

    def spans(self, ids: pa.Array) -> Iterator[pa.Array]:
        """`ids` (sorted) in parts that are read at once: whole blocks, but for the last."""
        size = sum(of.size for of in (self._base, self._tiles, self._windows, self._visits))
        parts = max(size / SPAN_BYTES, len(ids) / SPAN, 1)
        users = BLOCK * max(int(len(ids) / parts / BLOCK), 1)
        return (ids.slice(start, users) for start in range(0, len(ids), users))

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        """What is known of these users (sorted), `BLOCK` of them at a time and what is left at the end."""
        for span in self.spans(ids):
            read = self.of(span)
            for start in range(0, len(span), BLOCK):
                yield read.only(span.slice(start, BLOCK)) if len(span) > BLOCK else read

    def histories_of(self, ids: pa.Array) -> pa.Table:
        """Histories of these users (sorted), of whom somebody is known."""
        base, tiles = self._base.of(ids), self._tiles.of(ids)
        parts = merge([base] if len(base) else [], [tiles] if len(tiles) else [], self.ds, self._how)
        return pa.concat_tables(items_by_user(rounded(part)) for part in parts)


def _together(*ids: pa.Array) -> pa.Array:
    return pc.unique(pa.concat_arrays(ids)).sort()


class Nobody:
    """The people of a day before the log began."""

    def __init__(self, ds: str) -> None:
        self.ds, self.ids = ds, pa.array([], pa.string())

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        """As `Everyone.blocks`: nothing is known of these users."""
        return (nobody(self.ds, ids.slice(start, BLOCK)) for start in range(0, len(ids), BLOCK))

    def histories_of(self, ids: pa.Array) -> pa.Table:
        """As `Everyone.histories_of`."""
        return nobody(self.ds, ids).histories


def nobody(ds: str, ids: pa.Array) -> Users:
    """Users of whom nothing was known."""
    names = {"histories": "long_term_histories", "windows": "recent_windows", "visits": "user_tiles"}
    return Users(ds, ids, **{field: arrow_schema(TABLES[name]).empty_table() for field, name in names.items()})


def days_of_tiles(tables: Tables, name: str, ds: str, settings: Settings) -> list[str]:
    """The days whose tiles say how popular an item is and how often a user comes, as of `ds`.

    Raises:
        MissingDays: one of them is missing.
    """
    return tables.require_days(name, max(popular_days(ds, settings)[0], log_begins(tables, name, ds)), ds)


def popular_days(ds: str, settings: Settings) -> list[str]:
    """The `popularity_days` days up to `ds`, those before the log began too."""
    return days_between(day_before(ds, settings.interests.popularity_days - 1), ds)
