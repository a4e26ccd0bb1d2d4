"""Lists that anyone can make by counting, from the same tables and for the same users as ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.evaluation.metrics import Floats, Ints
from lsif.features.evening import Evening
from lsif.ranking.popular import DECIMALS, available_items, popular_items

POPULARITY_DAYS = (7, 28)
HALF_LIFE_DAYS = 90.0
DEEPER = 10
"""Popular items for each row of a list that leaves out what its user has."""
Items = Literal["all", "own", "new"]


def baselines(at: Evening, users: list[str], settings: Settings, k: int, items: Items = "all") -> dict[str, pa.Table]:
    """Popularity of 7 and 28 days, and personal frequency without and with decay, as far as a list holds such items.

    Personal lists of all items are filled up with the popular ones of 28 days, as anyone would.

    Args:
        items: `own` or `new` where the lists are to hold only what users have, or have not.

    Returns:
        name → (user_id, rank, item_id) with at most `k` rows for each of `users`.
    """
    shop = _Shop(pa.array(users, pa.string()), available_items(at.items), k)
    deep = DEEPER * k if items == "new" else k
    popular = {days: shop.for_all(popular_items(at, days, deep)["item_id"]) for days in POPULARITY_DAYS}
    half_lives = settings.interests.half_lives_days
    blocks = [shop.own(block.histories, half_lives) for block in at.people.blocks(shop.users)]
    own = {name: _joined(*(block[name] for block in blocks)) for name in blocks[0]} if blocks else {}
    had = next(iter(own.values())) if own else popular[28].take(slice(0))
    if items == "new":
        return {f"popularity_{days}d": shop.ranked(shop.without(found, had)) for days, found in popular.items()}
    if items == "own":
        return {name: shop.ranked(found) for name, found in own.items()}
    lists = {f"popularity_{days}d": shop.ranked(found) for days, found in popular.items()}
    return lists | {name: shop.ranked(_joined(found, popular[28])) for name, found in own.items()}


class Weighted(NamedTuple):
    """Items of users, flat: row of the user, code of the item, weight."""

    rows: Ints
    codes: Ints
    weights: Floats

    def take(self, places: Ints | slice) -> "Weighted":
        return Weighted(self.rows[places], self.codes[places], self.weights[places])


def _joined(*parts: Weighted) -> Weighted:
    return Weighted(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


@dataclass(frozen=True)
class _Shop:
    """Users by row, available items by code; codes follow the sorted ids, so that they break ties like ids."""

    users: pa.Array
    items: pa.Array
    k: int

    def for_all(self, item_ids: pa.ChunkedArray) -> Weighted:
        """The same items for every user, in this order and behind everything of positive weight."""
        codes, users = _codes(item_ids, self.items), len(self.users)
        rows = np.repeat(np.arange(users), len(codes))
        return Weighted(rows, np.tile(codes, users), np.tile(-1.0 - np.arange(len(codes)), users))

    def own(self, histories: pa.Table, half_lives: Sequence[float]) -> dict[str, Weighted]:
        """Each user's own items by count, and by the weight of the half-life nearest to 90 days."""
        nearest = min(half_lives, key=lambda days: abs(days - HALF_LIFE_DAYS))
        items = histories["items"].combine_chunks()
        flat, owner = items.flatten(), np.asarray(pc.list_parent_indices(items))
        rows, codes = _codes(histories["user_id"], self.users)[owner], _codes(flat.field("item_id"), self.items)
        decayed = pc.list_element(flat.field("weights"), half_lives.index(nearest))
        inside = (rows >= 0) & (codes >= 0)
        return {
            name: Weighted(rows[inside], codes[inside], np.asarray(weights, np.float64)[inside].round(DECIMALS))
            for name, weights in {"frequency": flat.field("n"), f"frequency_{nearest:g}d": decayed}.items()
        }

    def without(self, of: Weighted, had: Weighted) -> Weighted:
        """What users do not have."""
        size = len(self.items)
        return of.take(np.flatnonzero(~np.isin(of.rows * size + of.codes, had.rows * size + had.codes)))

    def ranked(self, of: Weighted) -> pa.Table:
        """The `k` distinct items of most weight of every user, as (user_id, rank, item_id)."""
        order = np.lexsort((of.codes, -of.weights, of.rows))
        rows, codes = of.rows[order], of.codes[order]
        first = np.sort(np.unique(rows * len(self.items) + codes, return_index=True)[1])
        rows, codes = rows[first], codes[first]
        ranks = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
        best = ranks <= self.k
        columns = {
            "user_id": self.users.take(pa.array(rows[best])),
            "rank": pa.array(ranks[best], pa.int32()),
            "item_id": self.items.take(pa.array(codes[best])),
        }
        return pa.table(columns)


def _codes(ids: pa.Array | pa.ChunkedArray, among: pa.Array) -> Ints:
    """Position of each id in `among`, -1 for a stranger."""
    flat = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    return np.asarray(pc.fill_null(pc.index_in(flat, value_set=among), -1), dtype=np.int64)
