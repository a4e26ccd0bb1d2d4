"""What users did before, one row per user and item, as flat arrays."""

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.ragged import Array, day_number, day_numbers, exploded, indices_in, positions, starts

ROUNDING = 9
"""Decimals kept before anything is compared, so that sums in another order rank the same."""


class Numbers(Protocol):
    """What numbers items: the index of a model, or whoever counts them."""

    def items(self, item_ids: pa.Array | pa.ChunkedArray) -> Array:
        """Number of each id, -1 where there is none."""
        ...


@dataclass(frozen=True)
class History:
    """Rows sorted by user, then item id.

    Attributes:
        user, item: numbers [R].
        n: events [R].
        weights: decayed to the end of `ds`, one per half-life [R, H].
        first_age: days from the first purchase to `ds` [R].
        ages: days from the last N distinct days to `ds`, newest first, NaN past the end [R, N].
    """

    user: Array
    item: Array
    n: Array
    weights: Array
    first_age: Array
    ages: Array

    def __len__(self) -> int:
        return len(self.user)

    def take(self, rows: Array) -> "History":
        return History(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def last_age(self) -> Array:
        return self.ages[:, 0]

    def n_days(self) -> Array:
        """Distinct days known of each row, at most N [R]."""
        return (~np.isnan(self.ages)).sum(1)

    def user_sum(self, values: Array, users: int) -> Array:
        """Sum over each user's rows [users, ...]."""
        columns = values.reshape(len(self), int(np.prod(values.shape[1:]))).T
        sums = [np.bincount(self.user, column, users) for column in columns]
        return np.stack(sums, axis=-1).reshape(users, *values.shape[1:])


def history(table: pa.Table, ds: str, index: Numbers, user_ids: pa.Array, half_lives: int, last_days: int) -> History:
    """The rows of `long_term_histories` whose item has a number."""
    today = day_number(ds)
    owner, rows = exploded(table["items"])
    item = index.items(pc.struct_field(rows, "item_id"))
    user = indices_in(table["user_id"], user_ids)[owner]
    keep = np.flatnonzero(item >= 0)
    keep = keep[np.argsort(user[keep], kind="stable")]
    weights = pc.list_flatten(pc.struct_field(rows, "weights")).to_numpy(zero_copy_only=False)
    return History(
        user=user[keep],
        item=item[keep],
        n=pc.struct_field(rows, "n").to_numpy(zero_copy_only=False)[keep].astype(np.float64),
        weights=weights.reshape(len(rows), half_lives)[keep].round(ROUNDING),
        first_age=(today - day_numbers(pc.struct_field(rows, "first_day")))[keep].astype(np.float64),
        ages=_ages(pc.struct_field(rows, "last_days"), today, last_days)[keep],
    )


def _ages(last_days: pa.ChunkedArray | pa.Array, today: int, last: int) -> Array:
    """Ascending lists of days as a matrix of ages, newest first, NaN past the end [R, last]."""
    owner, days = exploded(last_days)
    start = starts(owner, len(last_days))
    from_newest = start[owner + 1] - start[owner] - 1 - positions(owner)
    kept = from_newest < last
    ages = np.full((len(last_days), last), np.nan)
    ages[owner[kept], from_newest[kept]] = (today - day_numbers(days))[kept]
    return ages


def heaviest(rows: History, most: int, column: int) -> tuple[History, History]:
    """The `most` rows of each user with the greatest weight in a column, and the rest; ties by item id."""
    order = np.lexsort((-rows.weights[:, column], rows.user))
    inside = positions(rows.user[order]) < most
    return rows.take(order[inside]), rows.take(order[~inside])


def row_of(rows: History, user: Array, item: Array) -> Array:
    """The row of each event's user and item, -1 where there is none [E]."""
    span = 1 + max(item.max(initial=0), rows.item.max(initial=0))
    found = pc.index_in(pa.array(user * span + item), value_set=pa.array(rows.user * span + rows.item))
    row: Array = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
    return row


def newest(row: Array, age: Array, rows: int) -> Array:
    """The least age of each row's events, NaN where there are none [R].

    Args:
        row, age: of each event, as `row_of` has it [E].
    """
    least = np.full(rows, np.nan)
    np.fmin.at(least, row[row >= 0], age[row >= 0])
    return least


def counted(row: Array, kind: Array, rows: int, kinds: int) -> Array:
    """Each row's events, by kind [R, kinds].

    Args:
        row, kind: of each event [E]; where either is below 0 it is none.
    """
    there = (row >= 0) & (kind >= 0)
    return np.bincount(row[there] * kinds + kind[there], minlength=rows * kinds).reshape(rows, kinds)
