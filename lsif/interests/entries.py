"""What tiles hold as sorted arrays, and the part of it that belongs to some users.

E entries: what happened of one type on one day to one user and item, as one day's tile has it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lsif.interests.arrays import Codes, Floats, Ints, codes, column, lengths_of, numbers, repeated
from lsif.table_schema import DS


@dataclass(frozen=True)
class Entries:
    """Sorted by user, item and day of arrival: the order in which weights are to be added.

    Attributes:
        users, items: sorted ids [U], [V]; each user has an entry.
        user, item: places in them [E].
        day: days since 1970 [E].
        n, weight: events of that day and their weight, not decayed [E].
    """

    users: pa.Array
    items: pa.Array
    user: Codes
    item: Codes
    day: Codes
    n: Ints
    weight: Floats

    def users_until(self, last: str) -> int:
        """How many users have ids up to `last`."""
        return int(pc.sum(pc.less_equal(self.users, last)).as_py() or 0)

    def of_users(self, first: int, last: int) -> "Entries":
        """Entries of the users from place `first` up to but not with `last`, with the items that they have."""
        rows = slice(*np.searchsorted(self.user, np.array([first, last], np.int32)))
        had = np.zeros(len(self.items), bool)
        had[self.item[rows]] = True
        return Entries(
            self.users.slice(first, last - first),
            self.items.filter(pa.array(had)),
            self.user[rows] - np.int32(first),
            (np.cumsum(had, dtype=np.int32) - 1)[self.item[rows]],
            self.day[rows],
            self.n[rows],
            self.weight[rows],
        )

    def cuts(self, first: int, rows: int) -> list[int]:
        """Where parts of about `rows` entries end, of the users from place `first`; nowhere when there are none."""
        begin = int(np.searchsorted(self.user, np.int32(first)))
        return sorted({*self.user[begin + rows :: rows].tolist(), len(self.users)} - {first})


def entries(tiles: Iterable[pa.Table]) -> Entries:
    """Rows of `history_tiles` with `ds`, in parts of ascending days; a part is let go before the next is asked for."""
    parts = [_part(part) for part in tiles] or [_NOTHING]
    users, user = _together([part.users for part in parts], [part.user for part in parts])
    items, item = _together([part.items for part in parts], [part.item for part in parts])
    order = np.argsort(user * np.int64(max(len(items), 1)) + item, kind="stable")

    def ordered(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    return Entries(users, items, user[order], item[order], ordered("day"), ordered("n"), ordered("weight"))


def _part(tiles: pa.Table) -> Entries:
    """One part, by day of arrival only."""
    lists = column(tiles, "days")
    held, pair = pc.list_flatten(lists), repeated(lengths_of(lists))
    arrival = codes(column(tiles, DS))[1][pair]
    if (np.diff(arrival) < 0).any():
        order = np.argsort(arrival, kind="stable")
        held, pair = held.take(pa.array(order)), pair[order]
    users, user = codes(column(tiles, "user_id"))
    items, item = codes(column(tiles, "item_id"))
    return Entries(
        users,
        items,
        user.astype(np.int32)[pair],
        item.astype(np.int32)[pair],
        numbers(pc.struct_field(held, "day"), np.int32),
        numbers(pc.struct_field(held, "n"), np.int64),
        numbers(pc.struct_field(held, "weight"), np.float64),
    )


def _together(ids: list[pa.Array], places: list[Codes]) -> tuple[pa.Array, Codes]:
    """The distinct `ids` of all parts in order, and the places of all parts among them."""
    # Of a long past the ids of all parts together may be more than the 2 GB of text that a string array holds.
    known, place = codes(pa.concat_arrays([part.cast(pa.large_string()) for part in ids]))
    starts = np.cumsum([0, *(len(part) for part in ids)])
    moved = [place.astype(np.int32)[start:][part] for start, part in zip(starts, places, strict=False)]
    return known.cast(pa.string()), np.concatenate(moved)


_NONE = np.zeros(0, np.int32)
_NOTHING = Entries(
    pa.array([], pa.string()), pa.array([], pa.string()), _NONE, _NONE, _NONE, np.zeros(0, np.int64), np.zeros(0)
)
