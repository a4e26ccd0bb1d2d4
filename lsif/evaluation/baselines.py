"""Lists that anyone can make by counting, from the same tables and for the same users as ours."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.evaluation.metrics import Floats, Ints
from lsif.ranking.popular import DECIMALS, available_items, popular_items

if TYPE_CHECKING:
    from lsif.interests.as_of import Known

POPULARITY_DAYS = (7, 28)
HALF_LIFE_DAYS = 90.0


def baselines(known: "Known", users: list[str], settings: Settings, k: int) -> dict[str, pa.Table]:
    """Popularity of 7 and 28 days, and personal frequency without and with decay.

    Personal lists are filled up with the popular items of 28 days, as anyone would.

    Returns:
        name → (user_id, rank, item_id) with `k` rows for each of `users`.
    """
    candidates = available_items(known)
    popular = {days: _codes(popular_items(known, days, k)["item_id"], candidates) for days in POPULARITY_DAYS}
    rows, codes, weights = _own_items(known.histories, users, candidates, settings)
    lists = {
        f"popularity_{days}d": _ranked(*_for_all(users, best), users, candidates, k) for days, best in popular.items()
    }
    filler = _for_all(users, popular[28])
    for name, weight in weights.items():
        own = (np.concatenate(pair) for pair in zip((rows, codes, weight), filler, strict=True))
        lists[name] = _ranked(*own, users, candidates, k)
    return lists


def _own_items(
    histories: pa.Table, users: list[str], candidates: pa.Array, settings: Settings
) -> tuple[Ints, Ints, dict[str, Floats]]:
    """Row of the user, code of the item and the weights by baseline, one per history item."""
    half_lives = settings.interests.half_lives_days
    nearest = min(half_lives, key=lambda days: abs(days - HALF_LIFE_DAYS))
    items = histories["items"].combine_chunks()
    flat = items.flatten()
    rows = _codes(histories["user_id"], pa.array(users, pa.string()))[np.asarray(pc.list_parent_indices(items))]
    codes = _codes(flat.field("item_id"), candidates)
    decayed = pc.list_element(flat.field("weights"), half_lives.index(nearest))
    inside = (rows >= 0) & (codes >= 0)
    weights = {"frequency": flat.field("n"), f"frequency_{nearest:g}d": decayed}
    chosen = {name: np.asarray(of, dtype=np.float64)[inside].round(DECIMALS) for name, of in weights.items()}
    return rows[inside], codes[inside], chosen


def _for_all(users: list[str], codes: Ints) -> tuple[Ints, Ints, Floats]:
    """The same items for every user, in this order and behind everything of positive weight."""
    rows = np.repeat(np.arange(len(users)), len(codes))
    return rows, np.tile(codes, len(users)), np.tile(-1.0 - np.arange(len(codes)), len(users))


def _ranked(rows: Ints, codes: Ints, weights: Floats, users: list[str], candidates: pa.Array, k: int) -> pa.Table:
    """The `k` distinct items of most weight in every row; codes follow the ids, so ties are broken by item id."""
    order = np.lexsort((codes, -weights, rows))
    rows, codes = rows[order], codes[order]
    first = np.sort(np.unique(rows * len(candidates) + codes, return_index=True)[1])
    rows, codes = rows[first], codes[first]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    rows, codes, ranks = (values[ranks <= k] for values in (rows, codes, ranks))
    columns = {
        "user_id": pa.array(users, pa.string()).take(pa.array(rows)),
        "rank": pa.array(ranks, pa.int32()),
        "item_id": candidates.take(pa.array(codes)),
    }
    return pa.table(columns)


def _codes(ids: pa.Array | pa.ChunkedArray, among: pa.Array) -> Ints:
    """Position of each id in `among`, -1 for a stranger."""
    flat = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    return np.asarray(pc.fill_null(pc.index_in(flat, value_set=among), -1), dtype=np.int64)
