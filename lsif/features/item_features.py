"""What everybody does with an item, as of one day."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.elsewhere import DAYS, expected_here
from lsif.features.item_hours import HOUR_HALF_LIVES, HOUR_SPANS, HOURS, MINUTE_HALF_LIVES
from lsif.features.item_states import HALF_LIVES, NEW_HALF_LIVES, NEW_SPANS, SPANS
from lsif.features.ragged import Array, indices_in
from lsif.features.vocabulary import ItemIndex

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

HOUR_FEATURES = (
    *(f"log_buyers_{span}h" for span in HOUR_SPANS),
    *(f"log_buyers_half_life_{half_life:g}h" for half_life in HOUR_HALF_LIVES),
    *(f"log_buyers_half_life_{half_life:g}min" for half_life in MINUTE_HALF_LIVES),
    "trend_1h_6h",
    "trend_3h_24h",
    "log_hours_since_last_purchase",
    "log_hours_since_first_purchase",
)
"""What the last hours and minutes say, nothing where a log knows no hours."""

NEW_FEATURES = (
    *(f"log_new_users_{span}d" for span in NEW_SPANS),
    *(f"log_new_users_half_life_{half_life:g}d" for half_life in NEW_HALF_LIVES),
    "never_taken",
    *HOUR_FEATURES,
    *(
        f"{name}_{level}"
        for level in ("category", "kind")
        for name in ("log_share_of_new_users", "log_new_users", "log_items")
    ),
)
"""Columns after those: who takes the item for the first time (what is new to many is what is next for others), what the
last hours say, and those who take an item of its group for the first time."""

COLUMNS = (*ITEM_FEATURES, *NEW_FEATURES)
"""Where attributes are known, the last three come again for each of them, in the order of `Groups.levels`."""


def item_features(
    states: pa.Table, index: ItemIndex, elsewhere: pa.Table | None = None, age: Array | None = None
) -> Array:
    """Popularity, trend, repurchase and newness [V, Q] float32, in the order of `COLUMNS`.

    Args:
        states: rows of `item_states`; an item without one is an item that nobody ever had.
        elsewhere: rows of `shared_popularity`: an item that nobody here ever had is counted as it would be here.
        age: days since each item was published [V], NaN where nobody knows: then its first taking is its birth. Of an
            item that nobody had yet it says nothing: those of an early cutoff that appeared since would be known by it.
    """
    of = _Rows(states, index)
    age = np.where(of.numbers("users") > 0, np.nan if age is None else age, np.nan)
    spans = dict(zip(SPANS, of.lists("buyers", len(SPANS)).T, strict=True))
    columns = [np.log1p(spans[span]) for span in SPANS]
    columns += [*np.log1p(of.lists("buyers_decayed", len(HALF_LIVES))).T]
    columns += [_trend(spans, 7, 28), _trend(spans, 3, 7)]
    columns += _repurchase(of)
    columns += _newness(of, age)
    columns += _new_users(of, _elsewhere(of, index, elsewhere))
    columns += _hours(of, age)
    columns += _by_group(_decayed(of)[1], index.groups.own)
    return np.stack(columns, axis=1).astype(np.float32)


class _Rows:
    """Columns of `item_states` in the order of an index, nothing where an item has no row."""

    def __init__(self, states: pa.Table, index: ItemIndex) -> None:
        self._states, self._at = states, indices_in(index.item_ids, _whole(states["item_id"]))

    def numbers(self, name: str, absent: float = 0.0) -> Array:
        """[V]"""
        values = pc.fill_null(pc.cast(self._states[name], pa.float64()), absent)
        found: Array = np.append(values.to_numpy(zero_copy_only=False), absent)[self._at]
        return found

    def lists(self, name: str, size: int) -> Array:
        """[V, size]"""
        values = pc.list_flatten(self._states[name]).to_numpy(zero_copy_only=False).reshape(-1, size)
        found: Array = np.vstack([values, np.zeros((1, size), values.dtype)])[self._at]
        return found


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pc.cast(column, pa.string()).combine_chunks()


def item_factors_of(states: pa.Table, index: ItemIndex) -> Array:
    """Factors of the index's items, and beside each where its takers stand [V, 2K] float32; zeros without."""
    rows, size = _Rows(states, index), pc.max(pc.list_value_length(states["factor"])).as_py() or 1
    return np.concatenate([rows.lists(name, size) for name in ("factor", "takers")], axis=1).astype(np.float32)


def _trend(spans: dict[int, Any], short: int, long: int) -> Array:
    """Log of the recent rate over the longer rate, with half a buyer on both sides."""
    return np.log((spans[short] + 0.5) / (spans[long] * short / long + 0.5))


def _repurchase(of: _Rows) -> list[Array]:
    """Users ever (log); share of them, and of last week's buyers, who bought on two days or more (smoothed)."""
    users = of.numbers("users")
    shares = [(of.numbers(f"again{when}") + 0.5) / (of.numbers(f"users{when}") + 2) for when in ("", "_7d")]
    return [np.log1p(users), *shares]


def _newness(of: _Rows, age: Array) -> list[Array]:
    oldest, newest = of.numbers("oldest"), of.numbers("newest", np.inf)
    newest = np.where(np.isinf(newest), oldest.max(initial=0), newest)
    return [np.log1p(np.fmax(oldest, age)), np.log1p(newest)]


def _decayed(of: _Rows) -> Array:
    """Users who took each item for the first time, by half-life [H, V]."""
    found: Array = of.lists("new_users_decayed", len(NEW_HALF_LIVES)).T
    return found


def _new_users(of: _Rows, a_day: Array | float) -> list[Array]:
    """Counts (log) where `a_day` [V] more come each day, and whether nobody here ever had the item."""
    counted = [*of.lists("new_users", len(NEW_SPANS)).T, *_decayed(of)]
    days = [*NEW_SPANS, *(1 / (1 - 2.0 ** (-1 / half_life)) for half_life in NEW_HALF_LIVES)]
    logs = [np.log(counts + a_day * many + 0.1) for counts, many in zip(counted, days, strict=True)]
    return [*logs, of.numbers("users") == 0]


def _elsewhere(of: _Rows, index: ItemIndex, counts: pa.Table | None) -> Array | float:
    """Users a day [V] that the sums of other houses foresee for items that nobody here ever had."""
    if counts is None or not len(counts):
        return 0.0
    lately = of.lists("new_users", len(NEW_SPANS))[:, NEW_SPANS.index(DAYS)]
    return expected_here(counts, index.item_ids, of.numbers("users"), lately)


def _hours(of: _Rows, age: Array) -> list[Array]:
    """Counts of the last hours, decayed ones, their trends, and hours since the last week's last and first taking."""
    counted = of.lists("buyers_hours", len(HOUR_SPANS)).T
    decayed = [*of.lists("buyers_hours_decayed", len(HOUR_HALF_LIVES)).T]
    decayed += [*of.lists("buyers_minutes_decayed", len(MINUTE_HALF_LIVES)).T]
    spans = dict(zip(HOUR_SPANS, counted, strict=True))
    newest, oldest = (of.numbers(name, absent=HOURS) for name in ("newest_hour", "oldest_hour"))
    ages = [np.log1p(newest), np.log1p(np.minimum(np.fmax(oldest, 24 * age), HOURS))]
    return [*np.log(counted + 0.1), *np.log(np.add(decayed, 0.01)), _trend(spans, 1, 6), _trend(spans, 3, 24), *ages]


def _by_group(new: Array, groups: Array) -> list[Array]:
    """The item's share of its group's new users (smoothed by 1/20 a user and item), theirs, and the group's items."""
    columns = []
    for group in groups.T:
        together, size = np.bincount(group, new)[group], np.bincount(group)[group]
        share = (new + 0.05) / (together + 0.05 * size)
        columns += [np.log(share), np.log(together + 0.1), np.log(size)]
    return columns
