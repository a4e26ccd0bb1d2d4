"""What of each user's interest belongs to which word of the catalogue, of long and of late.

With W = `recent_days`, days of arrival, and h the half-life by which a user's items are ranked
(`row_half_life_days`), and weights added over the items of a theme,

    long_weight = 2 ** (-W / h) * weight as known W days before      short_weight = what has come since

They add up to the weight as known now. Shares are of all themes of one column.

Shapes: U users, V items, G pairs of a user and a theme.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.history import History
from lsif.features.ragged import Array, by_name, day_number, distinct, indices_in, positions

DECIMALS = 6


@dataclass(frozen=True)
class Themes:
    """A column of the catalogue.

    Attributes:
        attribute: its name.
        names: its distinct words, sorted.
        number: of each item's word, -1 where it has none [V].
    """

    attribute: str
    names: pa.Array
    number: Array


@dataclass(frozen=True)
class Listed:
    """Items that are numbered as they stand in the catalogue."""

    ids: pa.Array

    def items(self, item_ids: pa.Array | pa.ChunkedArray) -> Array:
        """As `history.Numbers` wants it."""
        return indices_in(item_ids, self.ids)


def themes(items: pa.Table, attribute: str) -> Themes:
    """One of our columns of texts, or an attribute; without a word where the catalogue has no such column.

    Args:
        items: rows of the table `items` [V].
    """
    ours = items[attribute] if attribute in items.column_names else by_name(items["attributes"]).get(attribute)
    words = pa.nulls(len(items), pa.string()) if ours is None else pc.cast(ours, pa.string())
    names = pc.unique(words).drop_null().sort()
    return Themes(attribute, names, indices_in(words, names))


def interests(user_ids: pa.Array, now: History, earlier: History, of: Themes, settings: Settings, ds: str) -> pa.Table:
    """Rows of `user_interests`, by user, the heaviest themes first.

    Args:
        now, earlier: histories as known at `ds`, and `recent_days` before.
        settings: of the sections `interests` and `user_interests`.
    """
    how, width = settings.interests, max(len(of.names), 1)
    column, fade = how.row_column, 2.0 ** (-how.recent_days / how.half_lives_days[how.row_column])
    (key, held), (key_before, held_before) = (_weights(rows, of, column) for rows in (now, earlier))
    keys = distinct(key)  # those of before are among them: histories only grow
    at, user = np.searchsorted(keys, key), keys // width
    weight = np.bincount(at, held, len(keys)).round(DECIMALS)
    before = np.bincount(np.searchsorted(keys, key_before), held_before, len(keys)).round(DECIMALS)
    long = np.minimum((before * fade).round(DECIMALS), weight)
    share, share_before = (_share(values, user, len(user_ids)) for values in (weight, before))
    age = np.full(len(keys), np.inf)
    np.minimum.at(age, at, now.last_age()[of.number[now.item] >= 0])
    rows = {
        "user_id": user_ids.take(pa.array(user)),
        "attribute": pa.repeat(of.attribute, len(keys)),
        "theme": of.names.take(pa.array(keys % width)),
        "long_weight": long,
        "short_weight": (weight - long).round(DECIMALS),
        "change": (weight - before).round(DECIMALS),
        "share": _known(share),
        "share_change": _known(share - share_before),
        "items": np.bincount(at, minlength=len(keys)),
        "last_day": (day_number(ds) - age).astype("datetime64[D]"),
    }
    order = np.lexsort((keys, -np.maximum(weight, before), user))
    heaviest = positions(user[order]) < settings.user_interests.most
    return pa.table(rows).take(pa.array(order[heaviest]))


def _weights(rows: History, of: Themes, column: int) -> tuple[Array, Array]:
    """User * themes + theme, and the weight, of each row whose item has a theme."""
    number = of.number[rows.item]
    known = number >= 0
    return rows.user[known] * len(of.names) + number[known], rows.weights[known, column]


def _share(weight: Array, user: Array, users: int) -> Array:
    """Of each user's sum; NaN where that is nothing [G]."""
    total = np.bincount(user, weight, users)[user]
    found: Array = np.where(total > 0, weight / np.where(total > 0, total, 1), np.nan)
    return found


def _known(values: Array) -> pa.Array:
    return pa.array(values.round(DECIMALS), mask=np.isnan(values))
