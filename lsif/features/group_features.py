"""What a user's past with a category, a kind or an attribute of items says about other items of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lsif.features.groups import Groups, level_names, of_several
from lsif.features.history import History
from lsif.features.ragged import Array, positions, starts

FRESH_SPANS = (14, 28, 56)
"""Days back in which an item of the group was taken for the first time."""


def group_feature_names(half_lives: tuple[float, ...], attributes: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Columns of `GroupHistory.features`, in order, where `attributes` are known of items."""
    per_half_life = (f"{name}_{days:g}d" for name in ("log_weight", "log_share") for days in half_lives)
    fresh = (f"log_first_taken_{span}d" for span in FRESH_SPANS)
    levels = (f"is_{level}" for level in level_names(attributes)[1:])
    return (*per_half_life, "log_age", "log_age_of_newest_item", *fresh, "log_items", "log_n", "repeated", *levels)


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


def group_history(rows: History, groups: Groups, users: int, most: int, column: int) -> GroupHistory:
    """The `most` heaviest groups of every user by a column of the weights, ties by number.

    A group of one item says nothing of another item and has no rows. On the level of what goes with what, the rows of a
    group are of the items that lead to it.

    Args:
        rows: uncapped histories.
        groups: of every item.
    """
    span = int(max(groups.of.max(initial=0), -1 if groups.leads is None else groups.leads.max(initial=0))) + 1
    totals = rows.user_sum(rows.weights, users)
    parts = enumerate(_by_level(rows, groups))
    levels = [_totals(some, group, span, (level, len(groups.levels)), totals) for level, (some, group) in parts]
    key, weights, features = (np.concatenate(parts) for parts in zip(*levels, strict=True))
    user = key // span
    order = np.lexsort((key, -weights[:, column].round(9), user))
    order = order[positions(user[order]) < most]
    return GroupHistory(starts(user[order], users), (key % span)[order], features[order])


def _by_level(rows: History, groups: Groups) -> Iterator[tuple[History, Array]]:
    """The rows that speak of each level's groups, and the group of each."""
    several = of_several(groups.own)
    for level, group in enumerate(groups.own.T):
        some = rows.take(several[rows.item, level])
        yield some, group[some.item]
    if groups.leads is not None:
        at, lead = np.nonzero(groups.leads[rows.item] >= 0)
        some = rows.take(at)
        yield some, groups.leads[some.item, lead]


def _totals(
    rows: History, group: Array, span: int, level: tuple[int, int], totals: Array
) -> tuple[Array, Array, Array]:
    """Keys `user * span + group`, ascending, with their weights [G, H] and features [G, X].

    Args:
        group: of each row.
        level: which one, of how many.
        totals: each user's weights, of all groups [U, H].
    """
    keys, owner = np.unique(rows.user * span + group, return_inverse=True)
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
    columns += [np.full(size, float(other == level[0])) for other in range(1, level[1])]
    return keys, weights, np.stack(columns, axis=1).astype(np.float32)
