"""Rows beside items: the nearest ones that no rule of the list forbids.

Shapes: V items, B some of them, C candidates of each, K ranks, T width of text vectors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lsif.features.ragged import Array
from lsif.item_lists.near import Near
from lsif.ranking.item_rules import ItemRules
from lsif.ranking.limits import limits_of, unlike_of
from lsif.ranking.popular import DECIMALS
from lsif.ranking.selection import NOTHING, select

DEPTH, DEEPER = 5, 4
"""Candidates for each row where rules choose among them, and how many times as many where those did not do."""
CELLS = 2**22
"""Items times candidates, or times the items they are searched in, of what is looked at together."""


@dataclass(frozen=True)
class _Rows:
    """Rows of lists [N]: of which item, at which rank (from nought), which other one, with which score."""

    item: Array
    rank: Array
    other: Array
    score: Array


def listed(near: Near, rules: ItemRules, k: int, item_ids: pa.Array, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The list of every item, some items at a time, by item and rank; nothing of one that nothing is near to.

    Args:
        rules: over the items.
        k: rows of a list, as far as there are.
        item_ids: sorted; an item's number is its place [V].
    """
    chooses = bool(rules.rules.caps or rules.rules.near_duplicates or rules.rules.diversity)
    depth = DEPTH * k if chooses else k
    for items in _blocks(np.arange(len(item_ids)), rules, depth):
        yield _batch(_joined([*_deep_enough(items, near, rules, k, depth)]), near, rules, item_ids, schema)


def _blocks(items: Array, rules: ItemRules, depth: int) -> Iterator[Array]:
    """As many items at once as fit, with so many candidates each."""
    width = 1 if rules.vectors is None else rules.vectors.shape[1]
    size = max(CELLS // max(len(rules.closed), depth * width), 1)
    return (items[start : start + size] for start in range(0, len(items), size))


def _deep_enough(items: Array, near: Near, rules: ItemRules, k: int, depth: int) -> Iterator[_Rows]:
    """The rows of some items; from deeper candidates where the first leave a rank empty, or something better out."""
    while len(items):
        left = []
        for block in _blocks(items, rules, depth):
            rows, reaches = _of(block, near, rules, k, depth)
            yield rows
            left.append(block[~reaches])
        items, depth = np.concatenate(left), min(DEEPER * depth, len(rules.closed))


def _of(items: Array, near: Near, rules: ItemRules, k: int, depth: int) -> tuple[_Rows, Array]:
    """The rows of those items for which the candidates reach, and which these are [B]."""
    found = near.nearest(items, depth)
    unlike = unlike_of(rules, found.item, k)
    made = select(found.score, limits_of(rules, found.item, k), np.full((len(items), k), NOTHING), unlike)
    reaches = made.lowest - (unlike.cost if unlike else 0.0) >= found.bound
    at, rank = (np.where(reaches[:, None], made.rows, NOTHING) != NOTHING).nonzero()
    place = made.rows[at, rank]
    return _Rows(items[at], rank, found.item[at, place], found.score[at, place]), reaches


def _joined(parts: list[_Rows]) -> _Rows:
    """Rows of different items, by item and rank."""
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
    order = np.lexsort((whole["rank"], whole["item"]))
    return _Rows(**{name: values[order] for name, values in whole.items()})


def _batch(rows: _Rows, near: Near, rules: ItemRules, item_ids: pa.Array, schema: pa.Schema) -> pa.RecordBatch:
    columns = {
        "item_id": item_ids.take(pa.array(rows.item)),
        "rank": rows.rank + 1,
        "other_item_id": item_ids.take(pa.array(rows.other)),
        "score": rows.score,
        "rule_part": rules.boost[rows.other].round(DECIMALS),
        **near.told(rows.item, rows.other),
    }
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[field.name]).cast(field.type) for field in schema], schema=schema
    )
