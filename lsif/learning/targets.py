"""What users did in the days after a cutoff: the truth of training and of evaluation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from torch import Tensor

from lsif.features.ragged import Array, indices_in, slices, starts
from lsif.features.vocabulary import ItemIndex
from lsif.model.batch import padded


@dataclass(frozen=True)
class Targets:
    """Distinct items of each user, ragged over the users of a snapshot.

    Attributes:
        start: user `u` owns `item[start[u]:start[u + 1]]` [U + 1].
        item: item numbers, ascending within a user [N].
        total: distinct items of each user, those outside the index too: a cold item is a miss, not an absence [U].
        worth: what each counts for, 1 but where a list had shown it far down, float32 [N].
    """

    start: Array
    item: Array
    total: Array
    worth: Array

    def active(self, at_most: int | None = None) -> Array:
        """Positions of users with at least one item in the index; of more than `at_most`, one of every so many."""
        users = np.flatnonzero(np.diff(self.start))
        return users[:: -(-len(users) // at_most)] if at_most and len(users) > at_most else users

    def padded(self, rows: Array) -> tuple[Tensor, Tensor]:
        """Item numbers of the users at positions `rows`, and where there are any [B, N]."""
        chosen, owner = slices(self.start, rows)
        return padded(self.item[chosen], owner, len(rows)), padded(np.ones(len(chosen), bool), owner, len(rows))

    def worths(self, rows: Array) -> Tensor:
        """What each of `padded` counts for, 0 where there is none [B, N]."""
        chosen, owner = slices(self.start, rows)
        return padded(self.worth[chosen], owner, len(rows))

    def holds(self, rows: Array, items: Array) -> Array:
        """Whether users at positions `rows` took item numbers [B, N], as booleans [B, N]."""
        span = 1 + int(max(items.max(initial=0), self.item.max(initial=0)))
        owner = np.repeat(np.arange(len(self.total)), np.diff(self.start))
        return np.isin(rows[:, None] * span + items, owner * span + self.item)

    def only(self, rows: Array) -> "Targets":
        """Those of the users at positions `rows`, in that order."""
        chosen, owner = slices(self.start, rows)
        return Targets(starts(owner, len(rows)), self.item[chosen], self.total[rows], self.worth[chosen])


def of_one(pairs: pa.Table) -> Array:
    """Each counts for itself [N]."""
    return np.ones(len(pairs))


def horizon(cutoff: str, days: int) -> list[str]:
    """The `ds` after the cutoff, `days` of them: (cutoff, cutoff + days]."""
    return [(date.fromisoformat(cutoff) + timedelta(days=day)).isoformat() for day in range(1, days + 1)]


def targets(
    events: pa.Table,
    index: ItemIndex,
    user_ids: pa.Array,
    cutoff: str,
    horizon_days: int,
    worth: Callable[[pa.Table], Array] = of_one,
) -> Targets:
    """Distinct (user, item) with an event of positive weight on an event day in (cutoff, cutoff + horizon_days].

    Args:
        events: rows of the `events` table; days outside the horizon are ignored.
        user_ids: users of the snapshot at the cutoff; others are ignored.
        worth: what pairs of (user_id, item_id) count for.
    """
    days = pc.cast(pc.cast(events["event_time"], pa.timestamp("us", "UTC")), pa.date32())
    span = horizon(cutoff, horizon_days)
    first, last = (pa.scalar(date.fromisoformat(day), pa.date32()) for day in (span[0], span[-1]))
    inside = pc.and_(pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last)), pc.greater(events["weight"], 0))
    pairs = events.select(["user_id", "item_id"]).filter(inside).group_by(["user_id", "item_id"]).aggregate([])
    user, item = indices_in(pairs["user_id"], user_ids), index.items(pairs["item_id"])
    total = np.bincount(user[user >= 0], minlength=len(user_ids))
    keep = np.flatnonzero((user >= 0) & (item >= 0))
    keep = keep[np.lexsort((item[keep], user[keep]))]
    return Targets(starts(user[keep], len(user_ids)), item[keep], total, worth(pairs)[keep].astype(np.float32))
