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
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError
from lsif.interests.arrays import Floats, Ints, column, encoded, lengths_of, numbers, repeated
from lsif.interests.entries import Entries, entries
from lsif.interests.merging import History, added
from lsif.interests.tabled import as_table
from lsif.table_schema import DS

EPOCH = date(1970, 1, 1).toordinal()
BASE = ("user_id", "items")
"""Columns of `long_term_histories` that a merge reads: all else in a base follows from them."""

Tiles = Callable[[str, str], Iterable[pa.Table]]
"""(known, ds) → rows of `history_tiles` of the days after `known` up to `ds`, in parts of ascending days."""

ROWS = 1_000_000
"""Rows of a base, or entries of tiles, that are merged at once: with fewer, ids are sorted more often; with more, more
memory is touched for the first time, which costs more than the work done in it."""


@dataclass(frozen=True)
class HistorySettings:
    """What a history holds: decayed weights at these half-lives (days), and the last distinct days of each item."""

    half_lives_days: tuple[float, ...]
    last_days: int


def histories_at(
    base: Iterable[pa.Table],
    known: str,
    tiles: Tiles,
    catalogue: pa.Table,
    dates: Sequence[str],
    settings: HistorySettings,
) -> Iterator[Iterable[pa.Table]]:
    """Histories with `ds` at each of `dates`, ascending: each is the one before merged with the tiles in between.

    Args:
        base: histories at `known`, as for `merge`.
    """
    for ds in dates:
        made = (as_table(part, catalogue, ds) for part in merge(base, tiles(known, ds), ds, settings))
        # Only what another date begins with is held; of the last, a part may be written and let go.
        base, known = made if ds == dates[-1] else list(made), ds
        yield base


def merged(base: pa.Table, tiles: pa.Table, catalogue: pa.Table, ds: str, settings: HistorySettings) -> pa.Table:
    """Histories at `ds`, one row per user: `base` and the tiles after it.

    Args:
        base: histories at one day (the columns `BASE`), or no rows.
        tiles: rows of `history_tiles` with `ds`, every day after the base's up to `ds`.
        catalogue: `item_id`, `category`. Items it does not know, or without a category, are in no category.

    Returns:
        rows sorted by user, their items by item, their categories by category.
    """
    return pa.concat_tables(as_table(part, catalogue, ds) for part in merge([base], [tiles], ds, settings))


def merge(base: Iterable[pa.Table], tiles: Iterable[pa.Table], ds: str, settings: HistorySettings) -> Iterator[History]:
    """`base` and `tiles` (as for `merged`) as one row per user and item at `ds`, some users at a time, ascending.

    Into how many parts either is cut changes no bit: nothing is summed over users.

    Args:
        base: parts without a user in common, ascending; each is let go before the next is asked for.
        tiles: parts of ascending days; likewise.
    """
    happened, done, held = entries(tiles), 0, None
    worth, nothing = _worth_of(happened, ds, settings), _no_history(settings)

    def with_users(part: History, last: int) -> History:
        new = happened.of_users(done, last)
        return added(part, new, worth(new), settings.last_days)

    for part in base:
        for some, last in _beside(happened, _cut(_by_user(part)), done):
            held = _from_base(some, ds, settings) if len(some) else nothing
            yield with_users(held, last)
            done = last
    for last in happened.cuts(done, ROWS) or [done] * (held is None):  # at least one part, if of nobody
        yield with_users(nothing, last)
        done = last


def _worth_of(happened: Entries, ds: str, settings: HistorySettings) -> Callable[[Entries], Floats]:
    """Weights [E, H] of any part of `happened`, decayed to `ds`."""
    today = _day(ds)
    oldest, newest = happened.day.min(initial=today), happened.day.max(initial=today)
    # A table of few ages, since powers of millions of entries are dear.
    worth = _decay(np.arange(today - newest, today - oldest + 1), settings)
    return lambda part: part.weight[:, None] * worth[newest - part.day]


def _from_base(base: pa.Table, ds: str, settings: HistorySettings) -> History:
    lists = column(base, "items")
    rows = pc.list_flatten(lists)
    age = _day(ds) - _day(base[DS][0].as_py())
    weights = numbers(pc.list_flatten(pc.struct_field(rows, "weights")), np.float64)
    width = len(settings.half_lives_days)
    if len(weights) != len(rows) * width:
        raise LsifError(
            f"the histories at {base[DS][0]} have other half-lives than the {width} configured: remake them"
        )
    last = pc.struct_field(rows, "last_days")
    items = encoded(pc.struct_field(rows, "item_id"))
    return History(
        column(base, "user_id"),
        items.dictionary.cast(pa.string()),
        user=repeated(lengths_of(lists), np.int32),
        item=numbers(items.indices, np.int32),
        n=numbers(pc.struct_field(rows, "n"), np.int64),
        weights=weights.reshape(-1, width) * _decay(np.array([age]), settings),
        first_day=numbers(pc.struct_field(rows, "first_day"), np.int32),
        lengths=lengths_of(last),
        days=numbers(pc.list_flatten(last), np.int32),
    )


def _no_history(settings: HistorySettings) -> History:
    text, none = pa.array([], pa.string()), np.zeros(0, np.int32)
    weights = np.zeros((0, len(settings.half_lives_days)))
    return History(text, text, none, none, none.astype(np.int64), weights, none, none, none)


def _by_user(base: pa.Table) -> pa.Table:
    """The same rows, sorted if they are not, as when they come from several files or through a shuffle."""
    users = column(base, "user_id")
    ordered = len(users) < 2 or pc.all(pc.less(users[:-1], users[1:])).as_py()
    return base if ordered else base.sort_by("user_id")


def _cut(base: pa.Table) -> Iterator[pa.Table]:
    """The same users in parts of at most about `ROWS` rows: lists grow, and so would parts from base to base."""
    ends = np.cumsum(lengths_of(column(base, "items")), dtype=np.int64)
    rows = int(ends[-1]) if len(ends) else 0
    cuts = np.searchsorted(ends, np.arange(ROWS, rows, ROWS)) + 1
    for first, last in pairwise([0, *sorted({*cuts.tolist(), len(base)} - {0})]):
        yield base.slice(first, last - first)


def _beside(happened: Entries, base: Iterable[pa.Table], done: int) -> Iterator[tuple[pa.Table, int]]:
    """Parts of a base, and up to which user of `happened` each goes: cut where many new users come before its last."""
    for some in base:
        users, begin = column(some, "user_id"), 0
        last = happened.users_until(users[-1].as_py())
        for cut in [*(cut for cut in happened.cuts(done, ROWS) if cut < last), last]:
            end = len(some) if cut == last else int(pc.sum(pc.less_equal(users, happened.users[cut - 1])).as_py() or 0)
            yield some.slice(begin, end - begin), cut
            begin = end
        done = last


def _decay(ages: Ints, settings: HistorySettings) -> Floats:
    """What a weight of each age (days) is still worth at each half-life [len(ages), H]."""
    return np.exp2(-ages[:, None] / np.array(settings.half_lives_days))


def _day(ds: str) -> int:
    return date.fromisoformat(ds).toordinal() - EPOCH
