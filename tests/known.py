"""Everything that was known by the end of a day, whole and in memory, where the product reads some users at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.evening import Evening
from lsif.features.item_states import item_states
from lsif.features.known import BLOCK, Nobody, Users, days_of_tiles
from lsif.features.shared import Shared, shared
from lsif.features.snapshot import Snapshot, snapshot
from lsif.features.vocabulary import ItemIndex
from lsif.interests.as_of import catalogue_at, history_at
from lsif.interests.bases import history_settings
from lsif.tables import Tables


@dataclass(frozen=True)
class Known:
    """What had arrived by the end of `ds`: rows of the tables of these names, `items` the newest catalogue.

    `before` is the same some days earlier.
    """

    ds: str
    histories: pa.Table
    windows: pa.Table
    item_tiles: pa.Table
    user_tiles: pa.Table
    items: pa.Table
    before: "Known | None" = None

    @property
    def people(self) -> "Known":
        return self

    @property
    def ids(self) -> pa.Array:
        tables = (self.histories, self.windows, self.user_tiles)
        chunks = [chunk for table in tables for chunk in table["user_id"].cast(pa.string()).chunks]
        return pc.unique(pa.chunked_array(chunks, pa.string())).sort()

    def users(self) -> Users:
        return Users(self.ds, self.ids, self.histories, self.windows, self.user_tiles)

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        return (self.users().only(ids.slice(start, BLOCK)) for start in range(0, len(ids), BLOCK))

    def states(self, settings: Settings) -> pa.Table:
        return item_states([self.histories], [self.item_tiles], self.ds, settings)

    def shared(self, index: ItemIndex, settings: Settings) -> Shared:
        return shared(self.states(settings), self.ds, index)

    def evening(self, item_vectors: pa.Table, settings: Settings) -> Evening:
        earlier = self.before or Nobody(self.ds)
        return Evening(self.ds, self, earlier, self.items, self.states(settings), self.item_tiles, item_vectors)


def known_at(tables: Tables, ds: str, settings: Settings) -> Known:
    """Read it from the tables."""
    tables.require_days("recent_windows", ds, ds)
    items = catalogue_at(tables, ds)
    return Known(
        ds,
        history_at(tables, ds, items, history_settings(settings)),
        tables.read("recent_windows", [ds]).sort_by("user_id"),
        tables.read("item_tiles", days_of_tiles(tables, "item_tiles", ds, settings)),
        tables.read("user_tiles", days_of_tiles(tables, "user_tiles", ds, settings)),
        items,
    )


def snapshot_of(known: Known, index: ItemIndex, settings: Settings) -> Snapshot:
    """Everybody at once."""
    return snapshot(known.users(), known.shared(index, settings), settings)
