"""The rules of a list as numbers of the night's items: what stays out and why, what is raised, who is like whom.

Shapes: V items, C caps, S rules for some users, T width of text vectors.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before
from lsif.errors import LsifError
from lsif.features.ragged import Array
from lsif.list_rules import ListRules
from lsif.ranking.rule_rows import column, holds, item_rows
from lsif.ranking.selection import NOTHING
from lsif.rule_files import ids_in

FILTERS = ("where", "blocked_items")
"""Filters of items, in the order in which they are counted."""


@dataclass(frozen=True)
class ItemRules:
    """One list's rules over the items of a night.

    Attributes:
        name, rules: of the list, with those of all lists.
        closed: number of the filter of `FILTERS` that keeps an item out, from one; 0 where none does [V].
        segments: what users of each rule for some may get [S, V].
        boost: what is added to each score [V].
        values: number of each item's value in each capped column, `NOTHING` where it has none [C, V].
        vectors: text vectors of length one, or zero; None where no rule wants them [V, T].
        pinned: number of the item pinned at a rank (from nought), by rank.
        explorable: whether an item may be drawn to be explored [V].
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

    @cached_property
    def most_boost(self) -> float:
        return float(self.boost.max(initial=0.0))

    @cached_property
    def alike(self) -> Array:
        """Number of the group in which an item is drawn: of items that no list can have both of, in chains [V]."""
        alike = [] if self.rules.near_duplicates is None or self.vectors is None else [self._near(self.explorable)]
        return _components(self.values, alike)

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
    """Of every list, in the order of the settings.

    Args:
        items: rows of `items` in force at `ds`.
        item_ids: the night's items by number [V]; those that the catalogue lacks have nothing in any column.
        text: their text vectors [V, T].

    Raises:
        LsifError: an expression fails on what the catalogue holds, a file of ids cannot be read, or a pin is of an item
            that the list's filters keep out.
    """
    rows = item_rows(items, item_ids, ds)
    return [_of_list(name, settings.rules_of(name), rows, item_ids, text, settings, ds) for name in settings.lists]


def closed_items(items: pa.Table, item_ids: pa.Array, settings: Settings, ds: str) -> pa.Table:
    """What filters of items keep out of each list: list, item_id."""
    found = [pa.table({"list": pa.array([], pa.string()), "item_id": pa.array([], pa.string())})]
    for one in item_rules(items, item_ids, None, settings, ds):
        ids = item_ids.filter(pa.array(one.closed > 0))
        found.append(pa.table({"list": pa.repeat(one.name, len(ids)), "item_id": ids}))
    return pa.concat_tables(found)


def _of_list(
    name: str, rules: ListRules, rows: pa.Table, item_ids: pa.Array, text: Array | None, settings: Settings, ds: str
) -> ItemRules:
    closed = np.zeros(len(item_ids), np.int8)
    for file in rules.blocked_items:
        closed[np.asarray(pc.is_in(item_ids, value_set=ids_in(settings.locate(file, ds))))] = 2
    if rules.where:
        closed[~holds(rules.where, rows)] = 1
    boost = np.zeros(len(item_ids))
    for one in rules.boosts:
        boost += one.add * holds(one.where, rows)
    caps = [_numbered(column(cap.column, rows)) for cap in rules.caps]
    wants_vectors = text is not None and (rules.near_duplicates or rules.diversity)
    return ItemRules(
        name=name,
        rules=rules,
        closed=closed,
        segments=np.stack([holds(one.where, rows) for one in rules.for_users]) if rules.for_users else _none(item_ids),
        boost=boost,
        values=np.stack(caps) if caps else np.full((0, len(item_ids)), NOTHING),
        vectors=_of_length_one(text) if wants_vectors and text is not None else None,
        pinned=_pinned(name, rules, item_ids, closed, ds),
        explorable=_explorable(rules, rows, settings, ds),
    )


def _numbered(values: pa.ChunkedArray) -> Array:
    codes = values.combine_chunks().dictionary_encode().indices
    return np.asarray(pc.fill_null(codes, NOTHING)).astype(np.int64)


def _none(item_ids: pa.Array) -> Array:
    return np.ones((0, len(item_ids)), bool)


def _of_length_one(text: Array) -> Array:
    lengths = np.linalg.norm(text, axis=1, keepdims=True)
    return (text / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _pinned(name: str, rules: ListRules, item_ids: pa.Array, closed: Array, ds: str) -> dict[int, int]:
    """Pins of the day by rank; an item that nobody knows tonight is not there to be pinned."""
    found = {}
    for pin in rules.pins:
        number = pc.index(item_ids, pin.item).as_py()
        if not pin.holds(ds) or number < 0:
            continue
        if closed[number]:
            raise LsifError(f"lists.{name}: {pin.item} is pinned, and {FILTERS[closed[number] - 1]} keeps it out")
        found[pin.rank - 1] = number
    return found


def _explorable(rules: ListRules, rows: pa.Table, settings: Settings, ds: str) -> Array:
    if rules.explore is None:
        return np.zeros(len(rows), bool)
    if rules.explore.where:
        return holds(rules.explore.where, rows)
    appeared = pc.strftime(rows["published"], "%Y-%m-%d")
    return np.asarray(pc.fill_null(pc.greater(appeared, day_before(ds, settings.interests.recent_days)), False))


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
