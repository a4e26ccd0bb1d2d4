"""Histories merged as arrays: the one formula, for the night's base, the scorer and the trainer.

A history is a set of rows, one per user and item, that says what had happened by the end of a day D:

    n = events        weights[j] = sum of w * 2 ** -((D - day) / half_life[j])        first day, last N distinct days

Two parts of a log merge by adding `n` and `weights`, and by the first and the last N days of both together. That is
associative and commutative: a day at a time, a week at a time and from scratch give the same (sums of floats to about
1e-15, since they are taken in ascending `ds`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError
from lsif.interests.arrays import Ints, as_lists, as_structs, codes, column, lengths_of, numbers, repeated, run_starts
from lsif.interests.merging import Entries, Floats, History, added
from lsif.schema import DS

EPOCH = date(1970, 1, 1).toordinal()
BASE = ("user_id", "items", DS)
"""Columns of `long_term_histories` that a merge reads: all else in a base follows from them."""

Tiles = Callable[[str, str], Iterable[pa.Table]]
"""(known, ds) → rows of `history_tiles` of the days after `known` up to `ds`, in parts of ascending days."""


@dataclass(frozen=True)
class HistorySettings:
    """What a history holds: decayed weights at these half-lives (days), and the last distinct days of each item."""

    half_lives_days: tuple[float, ...]
    last_days: int


def histories_at(
    base: pa.Table, tiles: Tiles, catalogue: pa.Table, dates: Sequence[str], settings: HistorySettings
) -> Iterator[pa.Table]:
    """Histories with `ds` at each of `dates`, ascending: each is the one before merged with the tiles in between."""
    state, known = base, max(base[DS].to_pylist(), default="")
    for ds in dates:
        state, known = as_table(merge(state, tiles(known, ds), ds, settings), catalogue, ds), ds
        yield state


def merged(base: pa.Table, tiles: pa.Table, catalogue: pa.Table, ds: str, settings: HistorySettings) -> pa.Table:
    """Histories at `ds`, one row per user: `base` and the tiles after it.

    Args:
        base: histories at one day (the columns `BASE`), or no rows.
        tiles: rows of `history_tiles` with `ds`, every day after the base's up to `ds`.
        catalogue: `item_id`, `category`. Items it does not know, or without a category, are in no category.

    Returns:
        rows sorted by user, their items by item, their categories by category.
    """
    return as_table(merge(base, [tiles], ds, settings), catalogue, ds)


def merge(base: pa.Table, tiles: Iterable[pa.Table], ds: str, settings: HistorySettings) -> History:
    """`base` and `tiles` (as for `merged`, in parts of ascending days) as one row per user and item at `ds`.

    A part is let go before the next is asked for; in how many they come changes no bit.
    """
    history = _from_base(base, ds, settings)
    for part in tiles:
        history = _with(history, _from_tiles(part), ds, settings)
    return history


def _with(history: History, entries: Entries, ds: str, settings: HistorySettings) -> History:
    age = _day(ds) - entries.day
    oldest, newest = age.max(initial=0), age.min(initial=0)
    # A table of few ages, since powers of millions of entries are dear.
    worth = _decay(np.arange(newest, oldest + 1), settings)

    def decayed(entries: Entries, half_life: int) -> Floats:
        return entries.weight * worth[age - newest, half_life]

    return added(history, entries, decayed, settings.last_days)


def _from_base(base: pa.Table, ds: str, settings: HistorySettings) -> History:
    base = _by_user(base)
    lists = column(base, "items")
    rows = pc.list_flatten(lists)
    age = _day(ds) - _day(base[DS][0].as_py()) if len(base) else 0
    weights = numbers(pc.list_flatten(pc.struct_field(rows, "weights")), np.float64)
    width = len(settings.half_lives_days)
    if len(weights) != len(rows) * width:
        raise LsifError(
            f"the histories at {base[DS][0]} have other half-lives than the {width} configured: remake them"
        )
    last = pc.struct_field(rows, "last_days")
    item_ids, item = codes(pc.struct_field(rows, "item_id").cast(pa.string()))
    return History(
        column(base, "user_id"),
        item_ids,
        user=repeated(lengths_of(lists)),
        item=item,
        n=numbers(pc.struct_field(rows, "n"), np.int64),
        weights=weights.reshape(-1, width) * _decay(np.array([age]), settings),
        first_day=numbers(pc.struct_field(rows, "first_day"), np.int64),
        lengths=lengths_of(last),
        days=numbers(pc.list_flatten(last), np.int64),
    )


def _by_user(base: pa.Table) -> pa.Table:
    """Files are sorted by user, but those of several writers not among each other."""
    users = column(base, "user_id")
    ordered = len(users) < 2 or pc.all(pc.less(users[:-1], users[1:])).as_py()
    return base if ordered else base.sort_by("user_id")


def _from_tiles(tiles: pa.Table) -> Entries:
    lists = column(tiles, "days")
    entries, pair = pc.list_flatten(lists), repeated(lengths_of(lists))
    arrival = codes(column(tiles, DS))[1][pair]
    order = np.argsort(arrival, kind="stable") if (np.diff(arrival) < 0).any() else np.arange(len(pair))
    return Entries(
        users=column(tiles, "user_id"),
        items=column(tiles, "item_id"),
        pair=pair[order],
        day=numbers(pc.struct_field(entries, "day"), np.int64)[order],
        n=numbers(pc.struct_field(entries, "n"), np.int64)[order],
        weight=numbers(pc.struct_field(entries, "weight"), np.float64)[order],
    )


def _decay(ages: Ints, settings: HistorySettings) -> Floats:
    """What a weight of each age (days) is still worth at each half-life [len(ages), H]."""
    return np.exp2(-ages[:, None] / np.array(settings.half_lives_days))


def as_table(history: History, catalogue: pa.Table, ds: str) -> pa.Table:
    """Rows of the table `long_term_histories` with `ds`; categories as `catalogue` has them."""
    first = run_starts(history.user)
    return pa.table(
        {
            "user_id": history.user_ids,
            "n_events": np.add.reduceat(history.n, first),
            "first_day": _dates(np.minimum.reduceat(history.first_day, first)),
            "items": _items(history),
            "categories": _categories(history, catalogue),
            DS: pa.repeat(ds, len(history.user_ids)),
        }
    )


def _items(history: History) -> pa.Array:
    rows = as_structs(
        item_id=history.item_ids.take(history.item),
        n=pa.array(history.n),
        weights=_vectors(history.weights),
        first_day=_dates(history.first_day),
        last_days=pa.ListArray.from_arrays(_offsets(history.lengths), _dates(history.days)),
    )
    return as_lists(rows, history.user, len(history.user_ids))


def _categories(history: History, catalogue: pa.Table) -> pa.Array:
    """Sums over each user's items of one category, never stored apart from the items that they follow from."""
    category = column(catalogue, "category").take(pc.index_in(history.item_ids, column(catalogue, "item_id")))
    names, code = codes(category.drop_null())
    of_item = np.full(len(history.item_ids), -1)
    of_item[category.is_valid().to_numpy(zero_copy_only=False)] = code
    known = of_item[history.item] >= 0
    key = history.user[known] * max(len(names), 1) + of_item[history.item][known]
    order = np.argsort(key, kind="stable")
    starts = run_starts(key[order])
    user, category_code = np.divmod(key[order][starts], max(len(names), 1))
    rows = as_structs(
        category=names.take(category_code),
        n=pa.array(np.add.reduceat(history.n[known][order], starts)),
        weights=_vectors(np.add.reduceat(history.weights[known][order], starts, axis=0)),
    )
    return as_lists(rows, user, len(history.user_ids))


def _vectors(matrix: Floats) -> pa.Array:
    rows, width = matrix.shape
    return pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32) * np.int32(width), matrix.ravel())


def _offsets(lengths: Ints) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def _day(ds: str) -> int:
    return date.fromisoformat(ds).toordinal() - EPOCH
