"""Everything the model reads at one date. Training and the night call the same function, so there is no skew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.category_features import CategoryHistory
from lsif.features.group_features import group_history
from lsif.features.history import counted, heaviest, history, newest, row_of
from lsif.features.history_features import OF_ITEM_AT, history_features, types_apart
from lsif.features.known import Users
from lsif.features.ragged import Array, ages, exploded, indices_in, moments, slices, starts
from lsif.features.searches import searches
from lsif.features.shared import Shared
from lsif.features.user_features import Visits, user_features
from lsif.features.vocabulary import ItemIndex

MOST_GROUPS = 128
"""Groups of a user that the model reads, for each level."""
RAGGED = {
    "history_start": ("history_item", "history_features"),
    "window_start": ("window_item", "window_type", "window_age", "window_basket"),
    "search_start": ("search_text", "search_age"),
    "tail_start": ("tail_item",),
    "group_start": ("group", "group_features"),
}
"""Arrays of a snapshot that belong to users, by the array that says where each user's rows start."""


@dataclass(frozen=True)
class Snapshot:
    """One date, ragged: user `u` owns rows `history_start[u]:history_start[u + 1]`, and likewise of the window.

    Attributes:
        ds: the date; everything is as of its end.
        user_ids: original ids, sorted [U]; in a training's, of each side one after the other.
        history_start [U + 1], history_item [R], history_features [R, F]: at most `history_items` rows per user,
            heaviest first; whoever reads features wants `history_rows`, which have the item's own beside them.
        window_start [U + 1], window_item, window_type, window_age, window_basket [E]: as in `Batch`.
        search_start [U + 1], search_text [N, T], search_age [N]: as `searches` has them.
        user_features: [U, P].
        tail_start [U + 1], tail_item [T]: the items of the history past those rows.
        group_start [U + 1], group [G], group_features [G, X]: categories, kinds and the like that a user knows.
        item_features: [V, Q].
        item_factors: [V, 2K], as `item_factors_of` makes them.
    """

    ds: str
    user_ids: pa.Array
    history_start: Array
    history_item: Array
    history_features: Array
    window_start: Array
    window_item: Array
    window_type: Array
    window_age: Array
    window_basket: Array
    search_start: Array
    search_text: Array
    search_age: Array
    user_features: Array
    tail_start: Array
    tail_item: Array
    group_start: Array
    group: Array
    group_features: Array
    item_features: Array
    item_factors: Array

    def __len__(self) -> int:
        return len(self.user_ids)

    @property
    def history_rows(self) -> "HistoryRows":
        return HistoryRows(self)

    @property
    def known(self) -> Array:
        """Of which users the model reads anything that they did [U]."""
        known: Array = np.diff(self.history_start) + np.diff(self.window_start) + np.diff(self.search_start) > 0
        return known

    def only(self, rows: Array) -> "Snapshot":
        """The same day with the users at positions `rows` alone."""
        kept: dict[str, Any] = {"user_ids": self.user_ids.take(pa.array(rows))}
        for start, names in RAGGED.items():
            chosen, owner = slices(getattr(self, start), rows)
            kept |= {name: getattr(self, name)[chosen] for name in names} | {start: starts(owner, len(rows))}
        return replace(self, user_features=self.user_features[rows], **kept)


class HistoryRows:
    """All features of history rows, in the order of `history_feature_names`.

    The item's own are looked up when somebody reads them: a snapshot has millions of rows and thousands of items.
    """

    def __init__(self, of: Snapshot) -> None:
        self._of = of

    def __len__(self) -> int:
        return len(self._of.history_item)

    def __getitem__(self, rows: Array | slice) -> Array:
        """[N, F] float32 of the rows at some positions."""
        of_items = self._of.item_features[self._of.history_item[rows][:, None], OF_ITEM_AT]
        return np.concatenate([self._of.history_features[rows], of_items], axis=1)


def joined(shots: Sequence[Snapshot]) -> Snapshot:
    """Snapshots (at least one) that share their items as one, in their order; a user may stand in several."""
    if len(shots) == 1:
        return shots[0]
    kept: dict[str, Any] = {"user_ids": pa.concat_arrays([shot.user_ids for shot in shots])}
    for start, names in RAGGED.items():
        lengths = [np.diff(getattr(shot, start)) for shot in shots]
        kept |= {name: np.concatenate([getattr(shot, name) for shot in shots]) for name in names}
        kept[start] = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    return replace(shots[0], user_features=np.concatenate([shot.user_features for shot in shots]), **kept)


def snapshot(users: Users, of: Shared, settings: Settings) -> Snapshot:
    """What is known of some users, in numbers. Events of items outside the index are left out.

    Nothing of a user depends on who else is there. `users` may be as of an earlier day than what all share: then ages
    are counted to that day, and the items are as they are now.
    """
    interests, index, ids = settings.interests, of.index, users.ids
    column = interests.row_column
    rows = history(users.histories, users.ds, index, ids, len(interests.half_lives_days), interests.last_days)
    capped, tail = heaviest(rows, interests.history_items, column)
    visits = Visits(users.visits, users.ds, ids, interests.popularity_days)
    window = _window(users.windows, users.ds, index, ids)
    row, kinds = row_of(capped, window["user"], window["window_item"]), len(types_apart(index.event_types))
    last_seen = newest(row, window["window_age"], len(capped))
    lately = counted(row, window["window_type"] - 1, len(capped), kinds) if kinds else np.zeros((len(capped), 0))
    totals = rows.user_sum(rows.weights, len(ids))
    groups = group_history(rows, index.groups, len(ids), MOST_GROUPS * len(index.groups.levels), column)
    categories = CategoryHistory(rows, index.category)
    return Snapshot(
        ds=users.ds,
        user_ids=ids,
        history_start=starts(capped.user, len(ids)),
        history_item=capped.item,
        history_features=history_features(capped, totals, categories, visits, last_seen, lately),
        user_features=user_features(rows, visits, window["user"], window["window_item"], len(ids)),
        tail_start=starts(tail.user, len(ids)),
        tail_item=tail.item,
        group_start=groups.start,
        group=groups.group,
        group_features=groups.features,
        item_features=of.item_features,
        item_factors=of.item_factors,
        window_start=starts(window.pop("user"), len(ids)),
        **window,
        **searches(users.windows, users.ds, index, ids),
    )


def _window(windows: pa.Table, ds: str, index: ItemIndex, user_ids: pa.Array) -> dict[str, Array]:
    """Numbers of the windows' events, by user, oldest first."""
    user, item, events = window_events(windows, index, user_ids)
    moment = moments(events)
    return {
        "user": user,
        "window_item": item,
        "window_type": index.types(pc.struct_field(events, "event_type")),
        "window_age": ages(moment, ds),
        "window_basket": _baskets(user, moment),
    }


def window_events(windows: pa.Table, index: ItemIndex, user_ids: pa.Array) -> tuple[Array, Array, pa.Array]:
    """Events of the windows in the index, by user, oldest first: numbers of users and items [E], and structs."""
    owner, events = exploded(windows["events"])
    item = index.items(pc.struct_field(events, "item_id"))
    user = indices_in(windows["user_id"], user_ids)[owner]
    keep = np.flatnonzero(item >= 0)
    keep = keep[np.argsort(user[keep], kind="stable")]
    return user[keep], item[keep], events.take(pa.array(keep))


def _baskets(user: Array, moment: Array) -> Array:
    """Number of each event's time within its user's window; times ascend within a user."""
    if not len(user):
        return np.zeros(0, np.int64)
    first = np.concatenate([[True], user[1:] != user[:-1]])
    new = first | np.concatenate([[True], moment[1:] != moment[:-1]])
    number = np.cumsum(new)
    return number - number[np.maximum.accumulate(np.where(first, np.arange(len(user)), 0))]
