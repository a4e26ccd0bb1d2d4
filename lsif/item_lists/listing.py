"""Rows beside items: the nearest ones that no rule of the list forbids.

Shapes: V items, B some of them, C candidates of each, K ranks, T width of text vectors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lsif.features.ragged import Array
from lsif.item_lists.near import Near, Others
from lsif.ranking.item_rules import ItemRules
from lsif.ranking.limits import limits_of, unlike_of
from lsif.ranking.popular import DECIMALS
from lsif.ranking.selection import NOTHING, select

DEPTH, DEEPER = 5, 4
"""Candidates for each row where rules choose among them, and how many times as many where those did not do."""
CELLS = 2**22
"""Items times candidates, or times the items they are searched in, of what is looked at together."""


def others(rules: ItemRules) -> Others:
    """What the rules of a list say of each item that could be listed."""
    return Others(rules.closed == 0, rules.boost)


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
    width = 1 if rules.vectors is None else rules.vectors.shape[1]
    size = max(CELLS // max(len(item_ids), depth * width), 1)
    for start in range(0, len(item_ids), size):
        items = np.arange(start, min(start + size, len(item_ids)))
        yield _batch(_of(items, near, rules, k, depth), near, rules, item_ids, schema)


def _of(items: Array, near: Near, rules: ItemRules, k: int, depth: int) -> _Rows:
    """The rows of some items, from deeper candidates where the first leave a rank empty, or something better out."""
    found, size = [], len(rules.closed)
    while len(items):
        candidates = near.nearest(items, depth)
        unlike = unlike_of(rules, candidates.item, k)
        nothing_fixed = np.full((len(items), k), NOTHING)
        made = select(candidates.score, limits_of(rules, candidates.item, k), nothing_fixed, unlike)
        reaches = made.lowest - (unlike.cost if unlike else 0.0) >= candidates.bound
        at, rank = (made.rows[reaches] != NOTHING).nonzero()
        place = made.rows[reaches][at, rank]
        one = candidates.item[reaches][at, place], candidates.score[reaches][at, place]
        found.append(_Rows(items[reaches][at], rank, *one))
        items, depth = items[~reaches], min(DEEPER * depth, size)
    whole = [np.concatenate([getattr(part, name) for part in found]) for name in ("item", "rank", "other", "score")]
    order = np.lexsort((whole[1], whole[0]))
    return _Rows(*(values[order] for values in whole))


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
