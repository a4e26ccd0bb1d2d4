"""The rules of a list as numbers of the night's items: what stays out and why, what is raised, who is like whom.

Shapes: V items, C caps, S rules for some users, F floors, T width of text vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.ragged import Array, of_length_one
from lsif.list_rules import ListRules
from lsif.ranking.popular import appeared_lately
from lsif.ranking.rule_rows import column, holds, item_rows
from lsif.ranking.selection import NOTHING
from lsif.rule_files import ids_in

FILTERS_OF_ITEMS = ("where", "blocked_items")
"""Filters of items, in the order in which they are counted."""


@dataclass(frozen=True)
class ItemRules:
    """One list's rules over the items of a night.

    Attributes:
        name, rules: of the list, with those of all lists.
        closed: number of the filter of `FILTERS_OF_ITEMS` that keeps an item out, from one; 0 where none does [V].
        segments: what users of each rule for some may get [S, V].
        boost: what is added to each score [V].
        values: number of each item's value in each capped column, `NOTHING` where it has none [C, V].
        vectors: text vectors of length one, or zero; None where no rule wants them [V, T].
        pinned: number of the item pinned at a rank (from nought), by rank.
        explorable: whether an item may be drawn to be explored [V].
        floored: which items each floor is for [F, V].
    """

    name: str
    rules: ListRules
    closed: Array
    segments: Array
    boost: Array
    values: Array
    vectors: Array | None
    pinned: dict[int, int]
    explorable: Array
    floored: Array

    @cached_property
    def most_boost(self) -> float:
        return float(self.boost.max(initial=0.0))

    @cached_property
    def alike(self) -> Array:
        """Number of the group in which an item is drawn: of items that no list can have both of, in chains [V]."""
        alike = [] if self.rules.near_duplicates is None or self.vectors is None else [self._near(self.explorable)]
        return _components(self.values, alike)

    @cached_property
    def reserved(self) -> Array:
        """Rows of an item's value in each capped column that pins may take, and what is drawn to explore [C, V]."""
        pins, found = list(self.pinned.values()), np.zeros_like(self.values)
        for number, values in enumerate(self.values):
            size = int(values.max(initial=-1)) + 2  # the last is of items without a value
            taken = np.bincount(values[pins] % size, minlength=size)
            taken += np.bincount(values[self.explorable] % size, minlength=size) > 0
            found[number] = np.where(values == NOTHING, 0, taken[values])
        return found

    @cached_property
    def apart(self) -> Array:
        """Whether an item is neither pinned nor explored tonight, nor a near-duplicate of one that may be [V]."""
        others = self.explorable.copy()
        others[list(self.pinned.values())] = True
        apart = ~others
        if self.rules.near_duplicates is not None and self.vectors is not None:
            for at in range(0, len(apart), 512):
                near = self.vectors[at : at + 512] @ self.vectors[others].T >= self.rules.near_duplicates
                apart[at : at + 512] &= ~near.any(1)
        return apart

    def _near(self, some: Array) -> tuple[Array, Array]:
        """Pairs of some items that are near-duplicates."""
        (items,) = some.nonzero()
        assert self.vectors is not None
        vectors, found = self.vectors[items], [np.zeros((2, 0), np.int64)]
        for at in range(0, len(items), 512):
            near = vectors[at : at + 512] @ vectors.T >= (self.rules.near_duplicates or 1.0)
            found.append(np.stack(near.nonzero()) + np.array([[at], [0]]))
        first, second = np.concatenate(found, axis=1)
        return items[first], items[second]


def item_rules(items: pa.Table, item_ids: pa.Array, text: Array | None, settings: Settings, ds: str) -> list[ItemRules]:
    """Of every list of users, in the order of the settings: `rules_over_items`."""
    named = {name: settings.rules_of(name) for name in settings.lists}
    return rules_over_items(named, items, item_ids, text, settings, ds)


def rules_over_items(
    named: Mapping[str, ListRules], items: pa.Table, item_ids: pa.Array, text: Array | None, settings: Settings, ds: str
) -> list[ItemRules]:
    """Of each list that is named.

    Args:
        items: rows of `items` in force at `ds`.
        item_ids: the night's items by number [V]; those that the catalogue lacks have nothing in any column.
        text: their text vectors [V, T].

    Raises:
        LsifError: an expression fails on what the catalogue holds, a file of ids cannot be read, or a pin is of an item
            that the list's filters keep out.
    """
    night = _Night(item_rows(items, item_ids, ds), item_ids, text, settings, ds)
    return [_of_list(name, rules, night) for name, rules in named.items()]


def closed_items(items: pa.Table, item_ids: pa.Array, settings: Settings, ds: str) -> pa.Table:
    """What filters of items keep out of each list: list, item_id."""
    found = [pa.table({"list": pa.array([], pa.string()), "item_id": pa.array([], pa.string())})]
    for one in item_rules(items, item_ids, None, settings, ds):
        ids = item_ids.filter(pa.array(one.closed > 0))
        found.append(pa.table({"list": pa.repeat(one.name, len(ids)), "item_id": ids}))
    return pa.concat_tables(found)


class _Night:
    """The night's items as rules ask of them: what several lists ask is answered once."""

    def __init__(self, rows: pa.Table, ids: pa.Array, text: Array | None, settings: Settings, ds: str) -> None:
        self.rows, self.ids, self.settings, self.ds = rows, ids, settings, ds
        self.holds = cache(lambda expression: holds(expression, rows))
        self.among = cache(lambda file: np.asarray(pc.is_in(ids, value_set=ids_in(settings.locate(file, ds)))))
        self.numbered = cache(lambda name: _numbered(column(name, rows)))
        self._text = text

    @cached_property
    def vectors(self) -> Array | None:
        """Text vectors of length one, or zero [V, T]."""
        return None if self._text is None else of_length_one(self._text).astype(np.float32)


def _of_list(name: str, rules: ListRules, night: _Night) -> ItemRules:
    size = len(night.ids)
    closed = np.zeros(size, np.int8)
    for file in rules.blocked_items:
        closed[night.among(file)] = 2
    if rules.where:
        closed[~night.holds(rules.where)] = 1
    boost = np.zeros(size)
    for one in rules.boosts:
        boost += one.add * night.holds(one.where)
    return ItemRules(
        name=name,
        rules=rules,
        closed=closed,
        segments=np.array([night.holds(one.where) for one in rules.for_users], bool).reshape(-1, size),
        boost=boost,
        values=np.array([night.numbered(cap.column) for cap in rules.caps], np.int64).reshape(-1, size),
        vectors=night.vectors if rules.near_duplicates or rules.diversity else None,
        pinned=_pinned(name, rules, night.ids, closed, night.ds),
        explorable=_explorable(rules, night),
        floored=np.array([night.holds(one.where) for one in rules.floors], bool).reshape(-1, size),
    )


def _numbered(values: pa.ChunkedArray) -> Array:
    codes = values.combine_chunks().dictionary_encode().indices
    return np.asarray(pc.fill_null(codes, NOTHING)).astype(np.int64)


def _pinned(name: str, rules: ListRules, item_ids: pa.Array, closed: Array, ds: str) -> dict[int, int]:
    """Pins of the day by rank; an item that nobody knows tonight is not there to be pinned."""
    found = {}
    for pin in rules.pins:
        number = pc.index(item_ids, pin.item).as_py()
        if not pin.holds(ds) or number < 0:
            continue
        if closed[number]:
            by = FILTERS_OF_ITEMS[closed[number] - 1]
            raise LsifError(f"lists.{name}: {pin.item} is pinned, and {by} keeps it out")
        found[pin.rank - 1] = number
    return found


def _explorable(rules: ListRules, night: _Night) -> Array:
    if rules.explore is None:
        return np.zeros(len(night.ids), bool)
    if rules.explore.where:
        may: Array = night.holds(rules.explore.where)
        return may
    lately = appeared_lately(night.rows, night.ds, night.settings.interests.recent_days)
    return np.asarray(pc.fill_null(lately, False))


def _components(values: Array, alike: list[tuple[Array, Array]]) -> Array:
    """Connected components of items [V] that share a value in some column [C, V], or are a pair."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    items, rows, columns, count = values.shape[1], [], [], values.shape[1]
    for of_column in values:
        (there,) = (of_column != NOTHING).nonzero()
        rows.append(there)
        columns.append(of_column[there] + count)
        count += int(of_column.max(initial=-1)) + 1
    for first, second in alike:
        rows.append(first)
        columns.append(second)
    row, at = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in (rows, columns))
    graph = coo_array((np.ones(len(row), bool), (row, at)), shape=(count, count))
    found: Array = connected_components(graph, directed=False)[1][:items]
    return found
