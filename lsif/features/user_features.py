"""What is known of a user as a whole, as of one day: the statistics φ of the fusion gate."""

import numpy as np
import pyarrow as pa

from lsif.features.history import History
from lsif.features.ragged import Array, day_number, day_numbers, indices_in

USER_FEATURES = (
    "log_days_since_visit",
    "log_visits_7d",
    "log_visits_28d",
    "log_visits_span",
    "log_basket_size",
    "log_window_events",
    "log_window_items",
    "window_entropy",
    "window_known_share",
    "log_history_items",
    "log_history_events",
    "history_repeat_share",
    "history_entropy",
    "log_days_since_first",
)


class Visits:
    """Visits (distinct baskets) per user and day, counted back from `ds`.

    Attributes:
        cumulative: visits on days of age < a [U, days + 1].
        events: events in the whole span [U].
    """

    def __init__(self, tiles: pa.Table, ds: str, user_ids: pa.Array, days: int) -> None:
        age = day_number(ds) - day_numbers(tiles["ds"].cast(pa.string()).cast(pa.date32()))
        user = indices_in(tiles["user_id"], user_ids)
        keep = (user >= 0) & (age >= 0) & (age < days)
        cell = user[keep] * days + age[keep]
        daily = np.bincount(cell, tiles["baskets"].to_numpy()[keep], len(user_ids) * days).reshape(-1, days)
        self.cumulative = np.pad(daily.cumsum(1), ((0, 0), (1, 0)))
        self.events = np.bincount(user[keep], tiles["events"].to_numpy()[keep], len(user_ids))
        self.last_age = np.where(daily.any(1), (daily > 0).argmax(1), days)

    def within(self, user: Array, age: Array) -> Array:
        """Visits on the days younger than `age`; past the known span at its mean rate."""
        days = self.cumulative.shape[1] - 1
        inside = np.minimum(age, days).astype(np.int64)
        return self.cumulative[user, inside] * np.maximum(age / days, 1)


def user_features(rows: History, visits: Visits, window_user: Array, window_item: Array, users: int) -> Array:
    """Statistics of visits, window and history [U, P] float32, in the order of `USER_FEATURES`.

    Args:
        rows: uncapped histories.
        window_user, window_item: owner and item of every event of the recent windows [E].
    """
    everyone = np.arange(users)
    total = visits.cumulative[:, -1]
    columns = [np.log1p(visits.last_age)]
    columns += [np.log1p(visits.within(everyone, np.full(users, days))) for days in (7, 28)]
    columns += [np.log1p(total), np.log1p(visits.events / np.maximum(total, 1))]
    columns += _window(rows, window_user, window_item, users)
    columns += _history(rows, users)
    return np.stack(columns, axis=1).astype(np.float32)


def _window(rows: History, user: Array, item: Array, users: int) -> list[Array]:
    span = 1 + max(item.max(initial=0), rows.item.max(initial=0))
    pairs, times = np.unique(user * span + item, return_counts=True)
    events, distinct = np.bincount(user, minlength=users), np.bincount(pairs // span, minlength=users)
    old = rows.user[rows.n_days() > 1] * span + rows.item[rows.n_days() > 1]
    known = np.bincount((pairs // span)[np.isin(pairs, old)], minlength=users)
    spread = _entropy(pairs // span, times, users)
    return [np.log1p(events), np.log1p(distinct), spread, known / np.maximum(distinct, 1)]


def _history(rows: History, users: int) -> list[Array]:
    items = np.bincount(rows.user, minlength=users)
    events = np.bincount(rows.user, rows.n, users)
    again = np.bincount(rows.user, rows.n_days() > 1, users) / np.maximum(items, 1)
    first = np.zeros(users)
    np.maximum.at(first, rows.user, rows.first_age)
    return [np.log1p(items), np.log1p(events), again, _entropy(rows.user, rows.n, users), np.log1p(first)]


def _entropy(user: Array, mass: Array, users: int) -> Array:
    """Entropy in nats of each user's distribution of `mass`."""
    total = np.bincount(user, mass, users)
    share = mass / np.maximum(total[user], 1e-12)
    return np.bincount(user, -share * np.log(np.maximum(share, 1e-12)), users)
