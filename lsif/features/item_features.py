"""What everybody does with an item, as of one day."""

from typing import Any

import numpy as np
import pyarrow as pa

from lsif.features.history import History
from lsif.features.ragged import Array, day_number, day_numbers
from lsif.features.vocabulary import ItemIndex

SPANS = (3, 7, 28, 56)
"""Days back from `ds`, inclusive; a span longer than `popularity_days` sees only those."""
HALF_LIVES = (7.0, 28.0)

ITEM_FEATURES = (
    *(f"log_buyers_{span}d" for span in SPANS),
    *(f"log_buyers_half_life_{half_life:g}d" for half_life in HALF_LIVES),
    "trend_7d_28d",
    "trend_3d_7d",
    "log_users_ever",
    "repurchase_rate",
    "repurchase_rate_7d",
    "log_age_of_first_purchase",
    "log_age_of_last_purchase",
)
"""Columns that a history row repeats."""

NEW_SPANS = (3, 7, 14, 28)
NEW_HALF_LIVES = (7.0, 14.0, 28.0)
NEW_FEATURES = (
    *(f"log_new_users_{span}d" for span in NEW_SPANS),
    *(f"log_new_users_half_life_{half_life:g}d" for half_life in NEW_HALF_LIVES),
    "never_taken",
    *(
        f"{name}_{level}"
        for level in ("category", "kind")
        for name in ("log_share_of_new_users", "log_new_users", "log_items")
    ),
)
"""Columns after those: who takes the item for the first time. What is new to many is what is next for others."""

COLUMNS = (*ITEM_FEATURES, *NEW_FEATURES)


def item_features(tiles: pa.Table, rows: History, ds: str, index: ItemIndex) -> Array:
    """Popularity, trend, repurchase and newness [V, Q] float32, in the order of `COLUMNS`.

    Args:
        tiles: `item_tiles` up to `ds`, with its `ds` column.
        rows: everybody's uncapped history.
    """
    item, age, buyers = _daily_buyers(tiles, ds, index)
    spans = {span: np.bincount(item, buyers * (age < span), len(index)) for span in SPANS}
    decayed = [np.bincount(item, buyers * 2.0 ** (-age / half_life), len(index)) for half_life in HALF_LIVES]
    columns = [np.log1p(spans[span]) for span in SPANS] + [np.log1p(sums) for sums in decayed]
    columns += [_trend(spans, 7, 28), _trend(spans, 3, 7)]
    columns += _repurchase(rows, len(index))
    columns += _newness(rows, len(index))
    columns += _new_users(rows, index.groups)
    return np.stack(columns, axis=1).astype(np.float32)


def _daily_buyers(tiles: pa.Table, ds: str, index: ItemIndex) -> tuple[Array, Array, Array]:
    days = tiles["ds"].combine_chunks().dictionary_encode()
    ages = day_number(ds) - day_numbers(days.dictionary.cast(pa.string()).cast(pa.date32()))
    age = ages[days.indices.to_numpy()] if len(tiles) else np.zeros(0, np.int64)
    item = index.items(tiles["item_id"])
    keep = item >= 0
    buyers = tiles["buyers"].to_numpy().astype(np.float64)
    return item[keep], age[keep], buyers[keep]


def _trend(spans: dict[int, Any], short: int, long: int) -> Array:
    """Log of the recent rate over the longer rate, with half a buyer on both sides."""
    return np.log((spans[short] + 0.5) / (spans[long] * short / long + 0.5))


def _repurchase(rows: History, items: int) -> list[Array]:
    """Users ever (log); share of them, and of last week's buyers, who bought on two days or more (smoothed)."""
    users = np.bincount(rows.item, minlength=items)
    again = rows.n_days() >= 2
    recent = rows.last_age() < 7
    shares = [
        (np.bincount(rows.item, again & who, items) + 0.5) / (np.bincount(rows.item, who, items) + 2)
        for who in (np.ones(len(rows), bool), recent)
    ]
    return [np.log1p(users), *shares]


def _newness(rows: History, items: int) -> list[Array]:
    oldest, newest = np.zeros(items), np.full(items, np.inf)
    np.maximum.at(oldest, rows.item, rows.first_age)
    np.minimum.at(newest, rows.item, rows.last_age())
    return [np.log1p(oldest), np.log1p(np.where(np.isinf(newest), oldest.max(initial=0), newest))]


def _new_users(rows: History, groups: Array) -> list[Array]:
    """Users who took each item for the first time, and the same of its category and kind."""
    items = len(groups)
    spans = [np.log(np.bincount(rows.item, rows.first_age < span, items) + 0.1) for span in NEW_SPANS]
    decayed = [np.bincount(rows.item, 2.0 ** (-rows.first_age / days), items) for days in NEW_HALF_LIVES]
    never = np.bincount(rows.item, minlength=items) == 0
    return [*spans, *(np.log(sums + 0.1) for sums in decayed), never, *_by_group(decayed[1], groups)]


def _by_group(new: Array, groups: Array) -> list[Array]:
    """The item's share of its group's new users (smoothed by 1/20 a user and item), theirs, and the group's items."""
    columns = []
    for group in groups.T:
        together, size = np.bincount(group, new)[group], np.bincount(group)[group]
        share = (new + 0.05) / (together + 0.05 * size)
        columns += [np.log(share), np.log(together + 0.1), np.log(size)]
    return columns
