"""What a user's past with one item says about the coming days: the features of the repeat term.

Counts and ages are long-tailed, so they enter as logarithms; the model standardises every column.
"""

from collections.abc import Sequence

import numpy as np

from lsif.features.category_features import CategoryHistory
from lsif.features.history import History
from lsif.features.item_features import COLUMNS, ITEM_FEATURES
from lsif.features.item_hours import HOUR_SPANS
from lsif.features.ragged import Array, positions
from lsif.features.user_features import Visits

SPANS = (7, 14, 28, 56)
RECENT = 4
"""Last purchases whose ages enter one by one."""
ITEM_HOURS = (*(f"log_buyers_{span}h" for span in HOUR_SPANS), "log_hours_since_last_purchase")
OF_ITEM = (*ITEM_HOURS, *ITEM_FEATURES)
"""Of the item, the same for all who had it: the last columns."""
OF_ITEM_AT = [COLUMNS.index(name) for name in OF_ITEM]
ROW_HOURS = range(-len(OF_ITEM) - 1, -len(ITEM_FEATURES))
"""Columns, counted from the last, that know hours: the row's own and the item's."""


def types_apart(event_types: Sequence[str]) -> tuple[str, ...]:
    """Types of an index, of whose events a row knows how many came lately: none where there is one type alone."""
    return tuple(event_types[1:]) if len(event_types) > 2 else ()


def history_feature_names(half_lives: Sequence[float], event_types: Sequence[str] = ()) -> tuple[str, ...]:
    """Columns of `history_features`, and after them those of the item.

    Args:
        event_types: of the index.
    """
    per_half_life = ("log_weight", "log_share", "log_category_weight", "log_share_of_category")
    return (
        *(f"{name}_{half_life:g}d" for name in per_half_life for half_life in half_lives),
        *("log_n", "log_days", "log_rank"),
        *(f"log_age_{position}" for position in range(1, RECENT + 1)),
        *("log_first_age", "log_rate", *(f"log_days_{span}d" for span in SPANS)),
        *("log_mean_gap", "log_last_gap", "gap_spread", "log_due", "overdue"),
        *("log_visits_since", "share_of_visits"),
        *("log_category_age", "log_category_due", "log_category_days", "log_category_items", "other_item_since"),
        *(f"log_n_{name}_lately" for name in types_apart(event_types)),
        "log_hours_since",
        *OF_ITEM,
    )


def history_features(
    capped: History, totals: Array, categories: CategoryHistory, visits: Visits, last_seen: Array, lately: Array
) -> Array:
    """Features [R, F] float32 of the rows that the model reads: of `history_feature_names` all but the item's own.

    Args:
        capped: rows in each user's order of weight, as `heaviest` gives them.
        totals: decayed weight of each user's uncapped history [U, H].
        last_seen: days from the item's last event in the user's window to the end of `ds`; NaN where it holds none [R].
        lately: the window's events of the item, by each of `types_apart` [R, T].
    """
    group = categories.of(capped)
    columns = [
        *_weights(capped, totals, categories.weights[group]),
        *_counts(capped),
        *_ages(capped),
        *_cadence(capped),
        *_visits(capped, visits),
        *_category(capped, categories, group),
        *np.log1p(lately).T,
        _hours(capped, last_seen),
    ]
    return np.stack(columns, axis=1, dtype=np.float32, casting="same_kind")


def _weights(rows: History, totals: Array, category: Array) -> list[Array]:
    """Decayed weights of the item, their share of the user's, and the same of and within its category."""
    share = np.log(rows.weights / np.maximum(totals[rows.user], 1e-9) + 1e-4)
    within = rows.weights / np.maximum(category, 1e-9)
    return [*np.log1p(rows.weights).T, *share.T, *np.log1p(category).T, *np.log(within + 1e-2).T]


def _counts(rows: History) -> list[Array]:
    return [np.log1p(rows.n), np.log(rows.n_days()), np.log1p(positions(rows.user))]


def _ages(rows: History) -> list[Array]:
    """Ages of the last purchases (the first purchase's where there are fewer), rate, and days with a purchase."""
    ages = np.where(np.isnan(rows.ages), rows.first_age[:, None], rows.ages)
    last = [np.log1p(ages[:, min(position, ages.shape[1] - 1)]) for position in range(RECENT)]
    within = [np.log1p((rows.ages < span).sum(1)) for span in SPANS]
    return [*last, np.log1p(rows.first_age), np.log(rows.n / (rows.first_age + 7)), *within]


def _cadence(rows: History) -> list[Array]:
    """Usual gap, last gap, their spread, and how far along the usual gap today is; 0 after a single purchase."""
    days, newest = rows.n_days(), rows.last_age()
    several = days > 1
    oldest = rows.ages[np.arange(len(rows)), days - 1]
    gap = (oldest - newest) / np.maximum(days - 1, 1)
    gaps = rows.ages[:, 1:] - rows.ages[:, :-1]
    spread = np.sqrt(np.nan_to_num((gaps - gap[:, None]) ** 2).sum(1) / np.maximum(days - 1, 1)) / np.maximum(gap, 1)
    due = np.where(several, np.log((newest + 1) / (gap + 1)), 0)
    overdue = np.clip(np.where(several, (newest - gap) / np.maximum(gap, 1), 0), -1, 8)
    return [np.log1p(gap), np.log1p(np.nan_to_num(gaps[:, 0])) if gaps.shape[1] else gap, spread, due, overdue]


def _visits(rows: History, visits: Visits) -> list[Array]:
    """The user's visits since the item's last purchase; share of the visits of the last weeks that held it."""
    since = visits.within(rows.user, rows.last_age())
    span = visits.cumulative.shape[1] - 1
    share = (rows.ages < span).sum(1) / np.maximum(visits.cumulative[rows.user, -1], 1)
    return [np.log1p(since), np.minimum(share, 1)]


def _category(rows: History, categories: CategoryHistory, group: Array) -> list[Array]:
    """Recency and cadence of the category; whether another item of it was taken since this one."""
    days, newest = categories.days[group], categories.last_age[group]
    gap = (categories.first_age[group] - newest) / np.maximum(days - 1, 1)
    due = np.where(days > 1, np.log((newest + 1) / (gap + 1)), 0)
    return [np.log1p(newest), due, np.log(days), np.log(categories.items[group]), newest < rows.last_age()]


def _hours(rows: History, last_seen: Array) -> Array:
    """Hours since the last purchase: as the window knows them, else as if it was at noon."""
    day = rows.last_age()
    known = np.ceil(last_seen) == day + 1  # a window forgets, and holds what is no purchase too
    return np.log1p(24 * np.where(known, last_seen, day + 0.5))
