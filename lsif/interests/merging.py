"""The state of some users' histories as arrays, and what is added to it; only rows that something happened to change.

R rows (one per user and item), U users, V items, H half-lives, E entries.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lsif.interests.arrays import Codes, Floats, Ints, codes, repeated, run_starts
from lsif.interests.entries import Entries

Numbers = npt.NDArray[Any]
MANTISSA_BITS = 33  # ten decimal digits


@dataclass(frozen=True)
class History:
    """One row per user and item, sorted by the ids of both, as of the end of a day.

    Attributes:
        user_ids: sorted strings [U]; each has a row.
        item_ids: distinct strings [V]; some may have no row.
        user, item: places in them [R].
        n: events [R].
        weights: decayed to that day [R, H].
        first_day: days since 1970 [R].
        lengths: how many of its last distinct days each row holds [R].
        days: those days since 1970, ascending, row after row [sum of `lengths`].
    """

    user_ids: pa.Array
    item_ids: pa.Array
    user: Codes
    item: Codes
    n: Ints
    weights: Floats
    first_day: Codes
    lengths: Codes
    days: Codes


def added(old: History, new: Entries, weights: Floats, last_days: int) -> History:
    """`old` with `new`, whose `weights` [E, H] are decayed to the day that `old` is as of."""
    user_ids, users = codes(pa.concat_arrays([old.user_ids, new.users]))
    item_ids, items = codes(pa.concat_arrays([old.item_ids, new.items]))  # in order, so that keys ascend
    width, old_users, old_items = max(len(item_ids), 1), len(old.user_ids), len(old.item_ids)
    user = users[:old_users].astype(np.int32).take(old.user)
    item = items[:old_items].astype(np.int32).take(old.item)
    key = user * np.int64(width) + item
    happened = users[old_users:][new.user] * width + items[old_items:][new.item]
    starts = run_starts(happened)
    keys, group = happened[starts], repeated(np.diff(starts, append=len(happened)))
    place = np.searchsorted(key, keys)
    known = np.zeros(len(keys), bool)
    known[place < len(key)] = key[place[place < len(key)]] == keys[place < len(key)]
    made = _grouped(old, place[known], np.flatnonzero(known), (new, weights, group), (len(keys), last_days))
    made_user, made_item = np.divmod(keys, width)
    made = replace(made, user=made_user, item=made_item)
    return _spread(replace(old, user_ids=user_ids, item_ids=item_ids, user=user, item=item), made, place, known)


def rounded(history: History) -> History:
    """Weights cut to ten digits, so that histories rank the same from whatever base they were reached."""
    mantissa, exponent = np.frexp(history.weights)
    return replace(history, weights=np.ldexp(np.round(mantissa * 2**MANTISSA_BITS), exponent - MANTISSA_BITS))


def groups_of(keys: Ints) -> tuple[Ints, Ints]:
    """The distinct `keys`, ascending, and the place of each key among them."""
    order = np.argsort(keys, kind="stable")  # np.unique would hash, which is ten times slower
    ordered = keys[order]
    starts = run_starts(ordered)
    group = np.empty(len(keys), np.int64)
    group[order] = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(keys)))
    return ordered[starts], group


def _grouped(
    old: History, rows: Ints, groups: Ints, happened: tuple[Entries, Floats, Ints], size: tuple[int, int]
) -> History:
    """The rows that something happened to: `rows` of `old` (which are of `groups`) and entries of each group."""
    (new, weights, group), (count, last_days) = happened, size
    whose = np.concatenate([groups, group])
    first_day = np.full(count, np.iinfo(np.int32).max, np.int32)
    first_day[groups] = old.first_day[rows]
    np.minimum.at(first_day, group, new.day)
    # bincount adds one after the other in the order given, older first.
    before = old.weights[rows]
    sums = [
        np.bincount(whose, np.concatenate([before[:, j], weights[:, j]]), count) for j in range(old.weights.shape[1])
    ]
    held, of_held = _places(old.lengths, rows)
    owners, held_days = np.concatenate([groups[of_held], group]), np.concatenate([old.days[held], new.day])
    days, of_day = _last_distinct(owners, held_days, last_days)
    return replace(
        old,
        n=np.bincount(whose, np.concatenate([old.n[rows], new.n]), count).astype(np.int64),
        weights=np.stack(sums, axis=1),
        first_day=first_day,
        lengths=np.bincount(of_day, minlength=count).astype(np.int32),
        days=days,
    )


def _spread(old: History, made: History, place: Ints, known: npt.NDArray[np.bool_]) -> History:
    """`old` where each `made` row replaces the row at its `place` if that is `known`, else stands before it."""
    fresh = ~known
    at = place + np.cumsum(fresh) - fresh
    is_fresh = np.zeros(len(old.n) + int(fresh.sum()), bool)
    is_fresh[at[fresh]] = True
    source = np.maximum(np.cumsum(~is_fresh) - 1, 0)  # of each row among the old ones; any will do for a fresh one

    def spread(ours: Numbers, theirs: Numbers) -> Numbers:
        whole = ours.take(source, axis=0) if len(ours) else np.empty((len(source), *ours.shape[1:]), ours.dtype)
        whole[at] = theirs
        return whole

    lengths = spread(old.lengths, made.lengths)
    kept, days = np.ones(len(old.days), bool), np.empty(lengths.sum(), np.int32)
    kept[_places(old.lengths, place[known])[0]] = False
    of_old = np.ones(len(days), bool)
    of_old[_places(lengths, at)[0]] = False
    days[of_old], days[~of_old] = old.days[kept], made.days
    return replace(
        old,
        user=spread(old.user, made.user),
        item=spread(old.item, made.item),
        n=spread(old.n, made.n),
        weights=spread(old.weights, made.weights),
        first_day=spread(old.first_day, made.first_day),
        lengths=lengths,
        days=days,
    )


def _places(lengths: Codes, rows: Ints) -> tuple[Ints, Ints]:
    """Places of the days of some rows, and for each the place of its row among `rows`."""
    counts = lengths[rows]
    owner = repeated(counts)
    start = (np.cumsum(lengths) - lengths)[rows]
    return np.arange(len(owner)) + (start - np.cumsum(counts) + counts)[owner], owner


def _last_distinct(group: Ints, days: Codes, last_days: int) -> tuple[Codes, Ints]:
    """The last distinct `days` of each group, ascending, and their groups."""
    both = np.sort(group << 32 | days.astype(np.int64) + 2**31)  # by group, then day; days before 1970 stay in order
    both = both[run_starts(both)]
    group, days = both >> 32, ((both & (2**32 - 1)) - 2**31).astype(np.int32)
    starts = run_starts(group)
    lengths = np.diff(starts, append=len(group))
    from_end = np.repeat(starts + lengths, lengths) - np.arange(len(group))
    kept = from_end <= last_days
    return days[kept], group[kept]
