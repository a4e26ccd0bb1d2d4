"""Histories merged as arrays: the one formula, for the night's base, the scorer and the trainer.

A history is a set of rows, one per user and item, that says what had happened by the end of a day D:

    n = events        weights[j] = sum of w * 2 ** -((D - day) / half_life[j])        first day, last N distinct days

Two parts of a log merge by adding `n` and `weights`, and by the first and the last N days of both together. That is
associative and commutative: a day at a time, a week at a time and from scratch give the same (sums of floats to about
1e-15, since they are taken in ascending `ds`).

R rows, U users, H half-lives, E entries (a day of a row).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError
from lsif.interests.arrays import Ints, as_lists, as_structs, codes, column, lengths_of, numbers, repeated, run_starts
from lsif.schema import DS

Floats = npt.NDArray[np.float64]

EPOCH = date(1970, 1, 1).toordinal()
MANTISSA_BITS = 33  # ten decimal digits


@dataclass(frozen=True)
class HistorySettings:
    """What a history holds: decayed weights at these half-lives (days), and the last distinct days of each item."""

    half_lives_days: tuple[float, ...]
    last_days: int


@dataclass(frozen=True)
class Part:
    """Rows of some part of a log as of one day; several rows may be of one user and item.

    Attributes:
        users, items: their ids, as strings [R].
        n: events [R].
        weights: decayed to the end of the day that the part is as of [R, H].
        first_day: days since 1970 [R].
        days, row: distinct days since 1970, and whose they are [E].
    """

    users: pa.Array
    items: pa.Array
    n: Ints
    weights: Floats
    first_day: Ints
    days: Ints
    row: Ints


@dataclass(frozen=True)
class History:
    """One row per user and item, sorted by both; `user` and `item` [R] point into the sorted `user_ids`, `item_ids`."""

    user_ids: pa.Array
    item_ids: pa.Array
    user: Ints
    item: Ints
    n: Ints
    weights: Floats
    first_day: Ints
    days: Ints
    row: Ints


def histories_at(
    base: pa.Table, tiles: pa.Table, catalogue: pa.Table, dates: Sequence[str], settings: HistorySettings
) -> Iterator[pa.Table]:
    """Histories with `ds` at each of `dates`, ascending: each is the one before merged with the tiles in between."""
    state, known = base, max(base[DS].to_pylist(), default="")
    for ds in dates:
        between = tiles.filter((pc.field(DS) > known) & (pc.field(DS) <= ds))
        state, known = merged(state, between, catalogue, ds, settings), ds
        yield state


def merged(base: pa.Table, tiles: pa.Table, catalogue: pa.Table, ds: str, settings: HistorySettings) -> pa.Table:
    """Histories at `ds`, one row per user: `base` and the tiles after it.

    Args:
        base: histories at one day with `ds` (the columns of `long_term_histories`), or no rows.
        tiles: rows of `history_tiles` with `ds`, every day after the base's up to `ds`.
        catalogue: `item_id`, `category`. Items it does not know, or without a category, are in no category.

    Returns:
        rows sorted by user, their items by item, their categories by category.
    """
    return as_table(merge(base, tiles, ds, settings), catalogue, ds)


def merge(base: pa.Table, tiles: pa.Table, ds: str, settings: HistorySettings) -> History:
    """`base` and `tiles` (as for `merged`) as one row per user and item at `ds`."""
    return grouped(_from_base(base, ds, settings), _from_tiles(tiles, ds, settings), settings.last_days)


def rounded(history: History) -> History:
    """Weights cut to ten digits, so that histories rank the same from whatever base they were reached."""
    mantissa, exponent = np.frexp(history.weights)
    return replace(history, weights=np.ldexp(np.round(mantissa * 2**MANTISSA_BITS), exponent - MANTISSA_BITS))


def grouped(older: Part, newer: Part, last_days: int) -> History:
    """Both parts, which are as of one day, merged into one row per user and item."""
    user_ids, users = codes(pa.concat_arrays([older.users, newer.users]))
    item_ids, items = codes(pa.concat_arrays([older.items, newer.items]))
    key = users * max(len(item_ids), 1) + items
    order = np.argsort(key, kind="stable")  # older rows stay first: sums are taken in ascending ds
    starts = run_starts(key[order])
    group = np.empty(len(key), np.int64)
    group[order] = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(key)))
    rows = np.concatenate([older.row, newer.row + len(older.n)])
    days, row = _last_distinct(group[rows], np.concatenate([older.days, newer.days]), last_days)
    return History(
        user_ids,
        item_ids,
        user=users[order][starts],
        item=items[order][starts],
        n=np.add.reduceat(np.concatenate([older.n, newer.n])[order], starts),
        weights=np.add.reduceat(np.concatenate([older.weights, newer.weights])[order], starts, axis=0),
        first_day=np.minimum.reduceat(np.concatenate([older.first_day, newer.first_day])[order], starts),
        days=days,
        row=row,
    )


def _from_base(base: pa.Table, ds: str, settings: HistorySettings) -> Part:
    lists = column(base, "items")
    rows, lengths = pc.list_flatten(lists), lengths_of(lists)
    age = _day(ds) - _day(base[DS][0].as_py()) if len(base) else 0
    weights = numbers(pc.list_flatten(pc.struct_field(rows, "weights")), np.float64)
    width = len(settings.half_lives_days)
    if len(weights) != len(rows) * width:
        raise LsifError(
            f"the histories at {base[DS][0]} have other half-lives than the {width} configured: remake them"
        )
    last = pc.struct_field(rows, "last_days")
    return Part(
        users=column(base, "user_id").take(repeated(lengths)),
        items=pc.struct_field(rows, "item_id").cast(pa.string()),
        n=numbers(pc.struct_field(rows, "n"), np.int64),
        weights=weights.reshape(-1, width) * _decay(np.array([age]), settings),
        first_day=numbers(pc.struct_field(rows, "first_day"), np.int64),
        days=numbers(pc.list_flatten(last), np.int64),
        row=repeated(lengths_of(last)),
    )


def _from_tiles(tiles: pa.Table, ds: str, settings: HistorySettings) -> Part:
    tiles = tiles.take(pc.sort_indices(tiles, [(DS, "ascending")]))
    lists = column(tiles, "days")
    entries, lengths = pc.list_flatten(lists), lengths_of(lists)
    days = numbers(pc.struct_field(entries, "day"), np.int64)
    weights = numbers(pc.struct_field(entries, "weight"), np.float64)[:, None] * _decay(_day(ds) - days, settings)
    starts = np.cumsum(lengths) - lengths  # a tile has no empty list
    return Part(
        users=column(tiles, "user_id"),
        items=column(tiles, "item_id"),
        n=np.add.reduceat(numbers(pc.struct_field(entries, "n"), np.int64), starts),
        weights=np.add.reduceat(weights, starts, axis=0),
        first_day=np.minimum.reduceat(days, starts),
        days=days,
        row=repeated(lengths),
    )


def _decay(ages: Ints, settings: HistorySettings) -> Floats:
    """What a weight of each age (days) is still worth at each half-life [len(ages), H]."""
    return np.exp2(-ages[:, None] / np.array(settings.half_lives_days))


def _last_distinct(group: Ints, days: Ints, last_days: int) -> tuple[Ints, Ints]:
    """The last distinct `days` of each group, ascending, and their groups."""
    both = np.sort(group << 32 | days + 2**31)  # by group, then day; days before 1970 stay in order
    both = both[run_starts(both)]  # np.unique would hash, which is ten times slower
    group, days = both >> 32, (both & (2**32 - 1)) - 2**31
    starts = run_starts(group)
    lengths = np.diff(starts, append=len(group))
    from_end = np.repeat(starts + lengths, lengths) - np.arange(len(group))
    kept = from_end <= last_days
    return days[kept], group[kept]


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
        last_days=as_lists(_dates(history.days), history.row, len(history.n)),
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


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def _day(ds: str) -> int:
    return date.fromisoformat(ds).toordinal() - EPOCH
