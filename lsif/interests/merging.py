"""The state of all histories as arrays, and what is added to it; only rows that something happened to are worked on.

R rows (one per user and item), U users, V items, H half-lives, P pairs of user and item, E entries.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lsif.interests.arrays import Ints, codes, repeated, run_starts

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any]
MANTISSA_BITS = 33  # ten decimal digits


@dataclass(frozen=True)
class History:
    """One row per user and item, sorted by both, as of the end of a day.

    Attributes:
        user_ids, item_ids: sorted strings [U], [V]; each has a row.
        user, item: places in them [R].
        n: events [R].
        weights: decayed to that day [R, H].
        first_day: days since 1970 [R].
        lengths: how many of its last distinct days each row holds [R].
        days: those days since 1970, ascending, row after row [sum of `lengths`].
    """

    user_ids: pa.Array
    item_ids: pa.Array
    user: Ints
    item: Ints
    n: Ints
    weights: Floats
    first_day: Ints
    lengths: Ints
    days: Ints


@dataclass(frozen=True)
class Entries:
    """What happened, in the order in which weights are to be added: ascending day of arrival.

    Attributes:
        users, items: ids of pairs, one pair as often as one likes [P].
        pair: whose an entry is [E].
        day: days since 1970 [E].
        n, weight: events of that day and their weight, not decayed [E].
    """

    users: pa.Array
    items: pa.Array
    pair: Ints
    day: Ints
    n: Ints
    weight: Floats


Decayed = Callable[[Entries, int], Floats]
"""Weights of entries on the day that a history is as of, at one half-life [E]."""


def added(old: History, new: Entries, decayed: Decayed, last_days: int) -> History:
    """`old` with `new`; both are as of the same day."""
    user_ids, users = codes(pa.concat_arrays([old.user_ids, new.users]))
    item_ids, items = codes(pa.concat_arrays([old.item_ids, new.items]))
    width, old_users, old_items = max(len(item_ids), 1), len(old.user_ids), len(old.item_ids)
    user, item = users[:old_users][old.user], items[:old_items][old.item]  # still sorted: ids keep their order
    keys, group = groups_of(users[old_users:] * width + items[old_items:])
    key = user * width + item
    place = np.searchsorted(key, keys)
    known = np.zeros(len(keys), bool)
    known[place < len(key)] = key[place[place < len(key)]] == keys[place < len(key)]
    made = _grouped(old, place[known], np.flatnonzero(known), new, group[new.pair], decayed, (len(keys), last_days))
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
    old: History, rows: Ints, groups: Ints, new: Entries, group: Ints, decayed: Decayed, size: tuple[int, int]
) -> History:
    """The rows that something happened to: `rows` of `old` (which are of `groups`) and entries of each `group`."""
    count, last_days = size
    whose = np.concatenate([groups, group])
    first_day = np.full(count, np.iinfo(np.int64).max)
    first_day[groups] = old.first_day[rows]
    np.minimum.at(first_day, group, new.day)
    # bincount adds one after the other in the order given, older first.
    weights = [
        np.bincount(whose, np.concatenate([old.weights[rows, j], decayed(new, j)]), count)
        for j in range(old.weights.shape[1])
    ]
    held, of_held = _ragged(old, rows)
    days, of_day = _last_distinct(np.concatenate([groups[of_held], group]), np.concatenate([held, new.day]), last_days)
    return replace(
        old,
        n=np.bincount(whose, np.concatenate([old.n[rows], new.n]), count).astype(np.int64),
        weights=np.stack(weights, axis=1),
        first_day=first_day,
        lengths=np.bincount(of_day, minlength=count),
        days=days,
    )


def _spread(old: History, made: History, place: Ints, known: npt.NDArray[np.bool_]) -> History:
    """`old` where each `made` row replaces the row at its `place` if that is `known`, else stands before it."""
    fresh = ~known
    at = place + np.cumsum(fresh) - fresh
    is_fresh, is_made = np.zeros(len(old.n) + int(fresh.sum()), bool), np.zeros(len(old.n) + int(fresh.sum()), bool)
    is_fresh[at[fresh]] = is_made[at] = True
    source = np.maximum(np.cumsum(~is_fresh) - 1, 0)  # of each row among the old ones; any will do for a fresh one

    def spread(ours: Numbers, theirs: Numbers) -> Numbers:
        whole = ours.take(source, axis=0) if len(ours) else np.empty((len(source), *ours.shape[1:]), ours.dtype)
        whole[at] = theirs
        return whole

    was_known = np.zeros(len(old.n), bool)
    was_known[place[known]] = True
    lengths = spread(old.lengths, made.lengths)
    of_made = np.repeat(is_made, lengths)
    days = np.empty(len(of_made), np.int64)
    days[of_made] = made.days
    days[~of_made] = old.days[~np.repeat(was_known, old.lengths)]
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


def _ragged(old: History, rows: Ints) -> tuple[Ints, Ints]:
    """Days of some rows, and for each the place of its row among `rows`."""
    lengths = old.lengths[rows]
    owner = repeated(lengths)
    start = (np.cumsum(old.lengths) - old.lengths)[rows]
    within = np.arange(len(owner)) - (np.cumsum(lengths) - lengths)[owner]
    return old.days[start[owner] + within], owner


def _last_distinct(group: Ints, days: Ints, last_days: int) -> tuple[Ints, Ints]:
    """The last distinct `days` of each group, ascending, and their groups."""
    both = np.sort(group << 32 | days + 2**31)  # by group, then day; days before 1970 stay in order
    both = both[run_starts(both)]
    group, days = both >> 32, (both & (2**32 - 1)) - 2**31
    starts = run_starts(group)
    lengths = np.diff(starts, append=len(group))
    from_end = np.repeat(starts + lengths, lengths) - np.arange(len(group))
    kept = from_end <= last_days
    return days[kept], group[kept]
