"""What a user's past with a category, or with a kind of item, says about other items of it."""

from dataclasses import dataclass

import numpy as np

from lsif.features.groups import LEVELS, of_several
from lsif.features.history import History
from lsif.features.ragged import Array, positions, starts

FRESH_SPANS = (14, 28, 56)
"""Days back in which an item of the group was taken for the first time."""


def group_feature_names(half_lives: tuple[float, ...]) -> tuple[str, ...]:
    """Columns of `GroupHistory.features`, in order."""
    per_half_life = (f"{name}_{days:g}d" for name in ("log_weight", "log_share") for days in half_lives)
    fresh = (f"log_first_taken_{span}d" for span in FRESH_SPANS)
    return (*per_half_life, "log_age", "log_age_of_newest_item", *fresh, "log_items", "log_n", "repeated", "is_kind")


@dataclass(frozen=True)
class GroupHistory:
    """Rows (user, group), ragged by user, heaviest group first.

    Attributes:
        start: user `u` owns rows `start[u]:start[u + 1]` [U + 1].
        group: number of the group [G].
        features: [G, X] float32.
    """

    start: Array
    group: Array
    features: Array


def group_history(rows: History, groups: Array, users: int, most: int, column: int) -> GroupHistory:
    """The `most` heaviest groups of every user by a column of the weights, ties by number.

    A group of one item says nothing of another item and has no rows.

    Args:
        rows: uncapped histories.
        groups: numbers of every item's groups [V, LEVELS], as `item_groups` gives them.
    """
    span, several = int(groups.max(initial=0)) + 1, of_several(groups)
    totals = rows.user_sum(rows.weights, users)
    levels = [
        _totals(rows.take(several[rows.item, level]), groups[:, level], span, level, totals) for level in range(LEVELS)
    ]
    key, weights, features = (np.concatenate(parts) for parts in zip(*levels, strict=True))
    user = key // span
    order = np.lexsort((key, -weights[:, column].round(9), user))
    order = order[positions(user[order]) < most]
    return GroupHistory(starts(user[order], users), (key % span)[order], features[order])


def _totals(rows: History, group: Array, span: int, level: int, totals: Array) -> tuple[Array, Array, Array]:
    """Keys `user * span + group`, ascending, with their weights [G, H] and features [G, X].

    Args:
        totals: each user's weights, of all groups [U, H].
    """
    keys, owner = np.unique(rows.user * span + group[rows.item], return_inverse=True)
    size = len(keys)

    def total(values: Array | None = None) -> Array:
        return np.bincount(owner, values, size)

    weights = np.stack([total(column) for column in rows.weights.T], axis=1)
    share = weights / np.maximum(totals[keys // span], 1e-9)
    newest, newest_item = np.full(size, np.inf), np.full(size, np.inf)
    np.minimum.at(newest, owner, rows.last_age())
    np.minimum.at(newest_item, owner, rows.first_age)
    items = total()
    columns = [*np.log1p(weights).T, *np.log(share + 1e-4).T, np.log1p(newest), np.log1p(newest_item)]
    columns += [np.log1p(total(rows.first_age < days)) for days in FRESH_SPANS]
    columns += [np.log(items), np.log(total(rows.n) / items), (total(rows.n_days() > 1) + 0.5) / (items + 1)]
    columns.append(np.full(size, float(level)))
    return keys, weights, np.stack(columns, axis=1).astype(np.float32)
