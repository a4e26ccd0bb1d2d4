"""Everything that was known by the end of a day, as the trainer and the scorer both read it."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before
from lsif.interests.as_of import catalogue_at, history_at, history_settings, log_begins
from lsif.tables import Tables


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
    first = max(day_before(ds, settings.interests.popularity_days - 1), log_begins(tables, "item_tiles", ds))
    return Known(
        ds,
        histories=history_at(tables, ds, items, history_settings(settings)),
        windows=tables.read("recent_windows", [ds]).sort_by("user_id"),
        item_tiles=tables.read("item_tiles", tables.require_days("item_tiles", first, ds)),
        user_tiles=tables.read("user_tiles", tables.require_days("user_tiles", first, ds)),
        items=items,
    )
