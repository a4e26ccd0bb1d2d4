"""What users of a block did, as the log says it: the facts that evidence stands on.

Shapes: U users of the block, V items, R rows of their histories, E events of their windows, N pieces asked about.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.history import history
from lsif.features.known import Users
from lsif.features.ragged import Array, day_number, day_numbers, indices_in, starts
from lsif.features.snapshot import window_events
from lsif.features.vocabulary import ItemIndex

USUAL = 3
"""Days with an event, of which something can be said to be usual."""


@dataclass(frozen=True)
class Facts:
    """Of some pieces [N].

    Attributes:
        item: number.
        type: number among `Traces.types`, -1 where it may be any that makes a history.
        count: events.
        first, last: days from the first and the last of them to the end of the date.
        gap: mean days from one day with an event to the next, of the last known ones, at least three; else 0.
    """

    item: Array
    type: Array
    count: Array
    first: Array
    last: Array
    gap: Array


class Traces:
    """Histories and windows of a block as they were read.

    Attributes:
        types: names of event types.
    """

    def __init__(self, users: Users, index: ItemIndex, settings: Settings) -> None:
        interests, ids = settings.interests, users.ids
        rows = history(users.histories, users.ds, index, ids, len(interests.half_lives_days), interests.last_days)
        key = rows.user * len(index) + rows.item
        order = np.argsort(key)
        self._size, self._key, self._rows = len(index), key[order], rows.take(order)
        user, self._item, events = window_events(users.windows, index, ids)
        self._start = starts(user, len(ids))
        happens = [name for name, weight in settings.event_types.items() if weight > 0]
        seen = pc.cast(pc.struct_field(events, "event_type"), pa.string())
        self.types = [happens[0], *(name for name in pc.unique(seen).to_pylist() if name != happens[0])]
        self._any = 0 if len(happens) == 1 else -1
        self._type = indices_in(seen, pa.array(self.types))
        age = day_number(users.ds) - day_numbers(pc.struct_field(events, "event_time"))
        alike = (user * len(index) + self._item) * len(self.types) + self._type
        kinds, self._kind = np.unique(alike, return_inverse=True)
        self._count = np.bincount(self._kind, minlength=len(kinds))
        self._first, self._last = np.zeros(len(kinds), np.int64), np.full(len(kinds), np.iinfo(np.int64).max)
        np.maximum.at(self._first, self._kind, age)
        np.minimum.at(self._last, self._kind, age)

    def of_history(self, user: Array, item: Array) -> Facts:
        """Of history rows, which are there."""
        at = np.searchsorted(self._key, user * self._size + item)
        rows = self._rows.take(at)
        days, newest = rows.n_days(), rows.last_age()
        oldest = np.nanmax(rows.ages, axis=1, initial=0)
        gap = np.where(days >= USUAL, (oldest - newest) / np.maximum(days - 1, 1), 0.0)
        count, first, last = (values.astype(np.int64) for values in (rows.n, rows.first_age, newest))
        return Facts(item, np.full(len(item), self._any), count, first, last, gap)

    def of_window(self, user: Array, place: Array) -> Facts:
        """Of all events of one type with one item, of which one stands at a place in the user's window."""
        event = self._start[user] + place
        kind = self._kind[event]
        nothing = np.zeros(len(event))
        return Facts(
            self._item[event], self._type[event], self._count[kind], self._first[kind], self._last[kind], nothing
        )

    def event(self, user: int, place: int) -> tuple[int, int]:
        """Number of the item and of the type of an event."""
        at = self._start[user] + place
        return int(self._item[at]), int(self._type[at])
