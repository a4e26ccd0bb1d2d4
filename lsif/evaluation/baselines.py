"""Lists that anyone can make by counting, from the same tables and for the same users as ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.evaluation.metrics import Floats, Ints
from lsif.features.evening import Evening
from lsif.ranking.popular import DECIMALS, available_items, popular_items

POPULARITY_DAYS = (7, 28)
HALF_LIFE_DAYS = 90.0


def baselines(at: Evening, users: list[str], settings: Settings, k: int) -> dict[str, pa.Table]:
    """Popularity of 7 and 28 days, and personal frequency without and with decay.

    Personal lists are filled up with the popular items of 28 days, as anyone would.

    Returns:
        name → (user_id, rank, item_id) with `k` rows for each of `users`.
    """
    shop = _Shop(pa.array(users, pa.string()), available_items(at.items), k)
    popular = {days: shop.for_all(popular_items(at, days, k)["item_id"]) for days in POPULARITY_DAYS}
    lists = {f"popularity_{days}d": shop.ranked(items) for days, items in popular.items()}
    half_lives = settings.interests.half_lives_days
    blocks = [shop.own(block.histories, half_lives) for block in at.people.blocks(shop.users)]
    for name in blocks[0]:
        own = [block[name] for block in blocks]
        together = Weighted(*(np.concatenate(parts) for parts in zip(*own, popular[28], strict=True)))
        lists[name] = shop.ranked(together)
    return lists


class Weighted(NamedTuple):
    """Items of users, flat: row of the user, code of the item, weight."""

    rows: Ints
    codes: Ints
    weights: Floats


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
