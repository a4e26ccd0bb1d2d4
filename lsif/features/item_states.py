"""What everybody does with each item, as of one day: the half of the features that all users share.

Made once a date from everybody's histories, read some users at a time, and kept as the table `item_states`. It knows
item ids and no model's numbers, so that every model reads the same rows. Whatever is summed over users is a whole
number, or one of 2^-`BITS`: into how many parts users are cut changes no bit.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.collaborative import Takings
from lsif.features.history import History, history
from lsif.features.item_hours import NO_HOURS, of_items
from lsif.features.ragged import Array, day_number
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

SPANS = (3, 7, 28, 56)
"""Days back from `ds`, inclusive, in which buyers are counted; a span past `popularity_days` sees only those."""
HALF_LIVES = (7.0, 28.0)
NEW_SPANS = (3, 7, 14, 28)
"""Days back in which users who took the item for the first time are counted."""
NEW_HALF_LIVES = (7.0, 14.0, 28.0)
BITS = 32
"""Decayed counts are sums of numbers with so many binary places: exact up to two million users."""
SCHEMA = arrow_schema(TABLES["item_states"], with_ds=False)


def item_states(
    histories: Iterable[pa.Table],
    item_tiles: Iterable[pa.Table],
    ds: str,
    settings: Settings,
    item_hours: pa.Table = NO_HOURS,
) -> pa.Table:
    """Rows of the table `item_states`, sorted by item: of every item that anybody ever had.

    Args:
        histories: `long_term_histories` at `ds`, parts of ascending users without one in common.
        item_tiles: `item_tiles` of the `popularity_days` days up to `ds`, parts of ascending days.
        item_hours: `item_hours` at `ds`; by default none, as of a log that knows no hours.
    """
    states = _States(ds, settings)
    for part in histories:
        states.add_users(part)
    for part in item_tiles:
        states.add_days(part)
    return states.table(settings.model.width, item_hours)


class _Numbered:
    """Numbers items as they come."""

    def __init__(self) -> None:
        self.ids = pa.array([], pa.string())

    def items(self, item_ids: pa.Array | pa.ChunkedArray) -> Array:
        texts = pc.cast(item_ids, pa.string())
        whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        found = pc.index_in(whole, value_set=self.ids)
        if found.null_count:
            new = pc.unique(whole.filter(found.is_null()))
            self.ids = pa.concat_arrays([self.ids, new.drop_null()])
            found = pc.index_in(whole, value_set=self.ids)
        return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


class _Counts:
    """Rows of numbers [V, columns] that grow with the items."""

    def __init__(self, columns: int, start: float = 0.0) -> None:
        self.values, self._start = np.full((0, columns), start), start

    def grown(self, items: int) -> Array:
        more = np.full((items - len(self.values), self.values.shape[1]), self._start)
        self.values = np.concatenate([self.values, more])
        return self.values


class _States:
    def __init__(self, ds: str, settings: Settings) -> None:
        self._ds, self._today, self._interests = ds, day_number(ds), settings.interests
        self._items, self._takings, self._users = _Numbered(), Takings(settings.interests.row_column), 0
        self._counts = _Counts(4 + len(NEW_SPANS) + len(NEW_HALF_LIVES))
        self._bought = _Counts(len(SPANS) + len(HALF_LIVES))
        self._oldest, self._newest = _Counts(1), _Counts(1, np.inf)

    def add_users(self, part: pa.Table) -> None:
        ids, half_lives = part["user_id"].cast(pa.string()).combine_chunks(), len(self._interests.half_lives_days)
        rows = history(part, self._ds, self._items, ids, half_lives, self._interests.last_days)
        size = len(self._items.ids)
        counts = self._counts.grown(size)
        for column, amount in enumerate(_amounts(rows)):
            counts[:, column] += np.bincount(rows.item, amount, size)
        np.maximum.at(self._oldest.grown(size)[:, 0], rows.item, rows.first_age)
        np.minimum.at(self._newest.grown(size)[:, 0], rows.item, rows.last_age())
        self._takings.add(rows, self._users)
        self._users += len(part)

    def add_days(self, part: pa.Table) -> None:
        item = self._items.items(part["item_id"])
        days = part["ds"].cast(pa.string()).cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
        age, buyers = self._today - days, part["buyers"].to_numpy().astype(np.float64)
        bought = self._bought.grown(len(self._items.ids))
        amounts = [buyers * (age < span) for span in SPANS] + [buyers * 2.0 ** (-age / days) for days in HALF_LIVES]
        for column, amount in enumerate(amounts):
            bought[:, column] += np.bincount(item, amount, len(bought))

    def table(self, size: int, hours: pa.Table) -> pa.Table:
        items = len(self._items.ids)
        order = np.asarray(pc.sort_indices(self._items.ids)).astype(np.int64)
        counts, bought = self._counts.grown(items)[order], self._bought.grown(items)[order]
        newest, spans = self._newest.grown(items)[order, 0], 4 + len(NEW_SPANS)
        ids = self._items.ids.take(pa.array(order))
        lately = of_items(hours, self._ds, ids)
        factors, near = self._takings.factors(order, self._users, size)
        columns = {
            "item_id": ids,
            **{name: counts[:, at] for at, name in enumerate(("users", "again", "users_7d", "again_7d"))},
            "oldest": self._oldest.grown(items)[order, 0],
            "newest": pa.array(np.where(np.isinf(newest), 0, newest), mask=np.isinf(newest)),
            "new_users": _lists(counts[:, 4:spans]),
            "new_users_decayed": _lists(counts[:, spans:]),
            "buyers": _lists(bought[:, : len(SPANS)]),
            "buyers_decayed": _lists(bought[:, len(SPANS) :]),
            "factor": _lists(factors),
            "takers": _lists(near),
            **{name: _lists(values) if values.ndim == 2 else values for name, values in lately.items()},
        }
        return pa.table([pa.array(columns[f.name]).cast(f.type) for f in SCHEMA], schema=SCHEMA)


def _amounts(rows: History) -> list[Array]:
    """What each row adds to its item's counts, in the order of `_States._counts`."""
    again, lately = rows.n_days() >= 2, rows.last_age() < 7
    decayed = [np.round(2.0 ** (BITS - rows.first_age / days)) / 2.0**BITS for days in NEW_HALF_LIVES]
    plain = [np.ones(len(rows), bool), again, lately, again & lately, *(rows.first_age < span for span in NEW_SPANS)]
    return [*plain, *decayed]


def _lists(values: Array) -> pa.Array:
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.ascontiguousarray(values).ravel()))
