"""What everybody does with an item, as of one day."""

from typing import Any

import numpy as np
import pyarrow as pa

from lsif.model.history import History
from lsif.model.ragged import Array, day_number, day_numbers
from lsif.model.vocabulary import ItemIndex

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


def item_features(tiles: pa.Table, rows: History, ds: str, index: ItemIndex) -> Array:
    """Popularity, trend, repurchase and newness [V, Q] float32, in the order of `ITEM_FEATURES`.

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
