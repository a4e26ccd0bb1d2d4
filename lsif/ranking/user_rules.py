"""The rules of a list for a block of users: pairs of user and item that stay out or lose, and who may get what.

Shapes: B users of the block, P pairs of one of them and an item, V items.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.ragged import Array, day_number, indices_in
from lsif.list_rules import Rotate, Shown
from lsif.ranking.item_rules import ItemRules
from lsif.ranking.rule_rows import holds, user_rows
from lsif.ranking.user_facts import Facts


@dataclass(frozen=True)
class Pairs:
    """Numbers that belong to pairs; `key` is position in the block * V + item, ascending [P]."""

    key: Array
    value: Array

    def at(self, key: Array) -> Array:
        """The values of some keys, 0 where there is none."""
        if not len(self.key):
            return np.zeros(key.shape)
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        found: Array = np.where(self.key[place] == key, self.value[place], 0.0)
        return found


@dataclass(frozen=True)
class UserRules:
    """One list's rules for a block.

    Attributes:
        of: the list's, over items.
        closed: 1 for what the user had too lately to be listed.
        discount: what is added to scores, below nought, of what was shown and not taken.
        lately: 1 for what the list showed too lately to be drawn for rows that rotate.
        segment: number of the set of items that each user may get [B].
        sets: whether items may be got, of each of those [n, V].
    """

    of: ItemRules
    closed: Pairs
    discount: Pairs
    lately: Pairs
    segment: Array
    sets: Array


def rules_of_users(lists: Sequence[ItemRules], facts: Facts, item_ids: pa.Array, ds: str) -> list[UserRules]:
    """Of every list, for a block of users."""
    taken, rows = _taken(facts, item_ids, ds), user_rows(facts.said, facts.ids, ds)
    return [_of_list(of, facts, taken, rows, item_ids, ds) for of in lists]


def _of_list(of: ItemRules, facts: Facts, taken: "_Taken", rows: pa.Table, item_ids: pa.Array, ds: str) -> UserRules:
    nothing = Pairs(np.zeros(0, np.int64), np.zeros(0))
    segment, sets = _segments(of, rows)
    return UserRules(
        of=of,
        closed=_closed(of, taken) if of.rules.not_within else nothing,
        discount=_discount(of, of.rules.shown, facts, taken, item_ids, ds) if of.rules.shown else nothing,
        lately=_lately(of, of.rules.rotate, facts, item_ids, ds) if of.rules.rotate else nothing,
        segment=segment,
        sets=sets,
    )


@dataclass(frozen=True)
class _Taken:
    """Takings by user, item, type and day: `key` as of `Pairs`, event type, days ago."""

    key: Array
    kind: pa.Array
    age: Array


def _taken(facts: Facts, item_ids: pa.Array, ds: str) -> _Taken:
    lists = facts.taken["days"].combine_chunks()
    parents = pc.list_parent_indices(lists)
    key = _keys(facts.taken, facts.ids, item_ids)[np.asarray(parents)]
    flat = lists.flatten()
    day = np.asarray(pc.struct_field(flat, "day").cast(pa.int32())).astype(np.int64)
    known = key >= 0
    kind = pc.struct_field(flat, "event_type").cast(pa.string())
    return _Taken(key[known], kind.filter(pa.array(known)), day_number(ds) - day[known])


def _keys(rows: pa.Table, ids: pa.Array, item_ids: pa.Array) -> Array:
    """Of rows with `user_id` and `item_id`; -1 where the night does not know the item."""
    user, item = indices_in(rows["user_id"], ids), indices_in(rows["item_id"], item_ids)
    return np.where(item < 0, -1, user * len(item_ids) + item)


def _closed(of: ItemRules, taken: _Taken) -> Pairs:
    late = np.zeros(len(taken.key), bool)
    for kind, days in of.rules.not_within.items():
        late |= np.asarray(pc.equal(taken.kind, kind)) & (taken.age < days)
    key = np.unique(taken.key[late])
    return Pairs(key, np.ones(len(key)))


def _discount(of: ItemRules, shown: Shown, facts: Facts, taken: _Taken, item_ids: pa.Array, ds: str) -> Pairs:
    """Of every showing since the user last took the item."""
    key, age = _shown(of, shown.days, facts, item_ids, ds)
    order = np.lexsort((taken.age, taken.key))
    first = np.unique(taken.key[order], return_index=True)
    newest = Pairs(first[0], taken.age[order][first[1]] + 1.0)  # 0: never
    since = newest.at(key)
    ignored = (since == 0) | (age + 1 < since)
    keys, place = np.unique(key[ignored], return_inverse=True)
    return Pairs(keys, -np.bincount(place, shown.discount * 2.0 ** (-age[ignored] / shown.half_life_days), len(keys)))


def _lately(of: ItemRules, rotate: Rotate, facts: Facts, item_ids: pa.Array, ds: str) -> Pairs:
    key = np.unique(_shown(of, rotate.days, facts, item_ids, ds)[0])
    return Pairs(key, np.ones(len(key)))


def _shown(of: ItemRules, days: int, facts: Facts, item_ids: pa.Array, ds: str) -> tuple[Array, Array]:
    """Keys of what the list showed in the last `days`, and how long ago: a night's list is shown on the day after."""
    rows = facts.shown.filter(pc.equal(facts.shown["list"], of.name))
    key, night = _keys(rows, facts.ids, item_ids), rows["ds"].cast(pa.string()).cast(pa.date32()).cast(pa.int32())
    age = day_number(ds) - np.asarray(night).astype(np.int64) - 1  # of a showing today: 0
    kept = (key >= 0) & (age < days)
    return key[kept], age[kept]


def _segments(of: ItemRules, rows: pa.Table) -> tuple[Array, Array]:
    """Number of the set of items of each user [B], and the sets [n, V]: what all rules for the user allow."""
    if not len(of.segments):
        return np.zeros(len(rows), np.int64), np.ones((1, of.segments.shape[1]), bool)
    concerns = np.stack([holds(one.users, rows) for one in of.rules.for_users], axis=1)
    kinds, segment = np.unique(concerns, axis=0, return_inverse=True)
    return segment.ravel(), np.stack([np.logical_and.reduce(of.segments[kind], axis=0) for kind in kinds])
