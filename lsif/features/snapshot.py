"""Everything the model reads at one date. Training and the night call the same function, so there is no skew."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.category_features import CategoryHistory
from lsif.features.collaborative import item_factors
from lsif.features.group_features import group_history
from lsif.features.history import heaviest, history
from lsif.features.history_features import history_features
from lsif.features.item_features import item_features
from lsif.features.known import Known
from lsif.features.ragged import Array, day_number, exploded, indices_in, slices, starts
from lsif.features.user_features import Visits, user_features
from lsif.features.vocabulary import ItemIndex

SECONDS_PER_DAY = 86_400
MOST_GROUPS = 256
"""Groups of a user that the model reads."""
RAGGED = {
    "history_start": ("history_item", "history_features"),
    "window_start": ("window_item", "window_type", "window_age", "window_basket"),
    "tail_start": ("tail_item",),
    "group_start": ("group", "group_features"),
}
"""Arrays of a snapshot that belong to users, by the array that says where each user's rows start."""


@dataclass(frozen=True)
class Snapshot:
    """One date, ragged: user `u` owns rows `history_start[u]:history_start[u + 1]`, and likewise of the window.

    Attributes:
        ds: the date; everything is as of its end.
        user_ids: original ids, sorted [U].
        history_start [U + 1], history_item [R], history_features [R, F]: at most `history_items` rows per user,
            heaviest first.
        window_start [U + 1], window_item, window_type, window_age, window_basket [E]: as in `Batch`.
        user_features: [U, P].
        tail_start [U + 1], tail_item [T]: the items of the history past those rows.
        group_start [U + 1], group [G], group_features [G, X]: categories and kinds that a user knows.
        item_features: [V, Q].
        item_factors: [V, D].
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

    def only(self, rows: Array) -> "Snapshot":
        """The same day with the users at positions `rows` alone."""
        kept: dict[str, Any] = {"user_ids": self.user_ids.take(pa.array(rows))}
        for start, names in RAGGED.items():
            chosen, owner = slices(getattr(self, start), rows)
            kept |= {name: getattr(self, name)[chosen] for name in names} | {start: starts(owner, len(rows))}
        return replace(self, user_features=self.user_features[rows], **kept)


def snapshot(known: Known, index: ItemIndex, settings: Settings) -> Snapshot:
    """What is known at `known.ds`, in numbers. Events of items outside the index are left out."""
    interests, ds = settings.interests, known.ds
    users = known.user_ids()
    half_life = len(interests.half_lives_days) // 2
    rows = history(known.histories, ds, index, users, len(interests.half_lives_days), interests.last_days)
    capped, tail = heaviest(rows, interests.history_items, half_life)
    visits = Visits(known.user_tiles, ds, users, interests.popularity_days)
    items = item_features(known.item_tiles, rows, ds, index)
    window = _window(known.windows, ds, index, users)
    totals = rows.user_sum(rows.weights, len(users))
    groups = group_history(rows, index.groups, len(users), MOST_GROUPS)
    return Snapshot(
        ds=ds,
        user_ids=users,
        history_start=starts(capped.user, len(users)),
        history_item=capped.item,
        history_features=history_features(capped, totals, CategoryHistory(rows, index.category), visits, items),
        user_features=user_features(rows, visits, window["user"], window["window_item"], len(users)),
        tail_start=starts(tail.user, len(users)),
        tail_item=tail.item,
        group_start=groups.start,
        group=groups.group,
        group_features=groups.features,
        item_features=items,
        item_factors=item_factors(rows, len(index), len(users), settings.model.width),
        window_start=starts(window.pop("user"), len(users)),
        **window,
    )


def _window(windows: pa.Table, ds: str, index: ItemIndex, user_ids: pa.Array) -> dict[str, Array]:
    """Events of the windows in the index, by user, oldest first."""
    owner, events = exploded(windows["events"])
    item = index.items(pc.struct_field(events, "item_id"))
    user = indices_in(windows["user_id"], user_ids)[owner]
    keep = np.flatnonzero(item >= 0)
    keep = keep[np.argsort(user[keep], kind="stable")]
    seconds = pc.cast(pc.struct_field(events, "event_time"), pa.timestamp("us", "UTC"))
    moment = pc.cast(seconds, pa.int64()).to_numpy(zero_copy_only=False)[keep] / 1e6
    return {
        "user": user[keep],
        "window_item": item[keep],
        "window_type": index.types(pc.struct_field(events, "event_type"))[keep],
        "window_age": ((day_number(ds) + 1) - moment / SECONDS_PER_DAY).astype(np.float32),
        "window_basket": _baskets(user[keep], moment),
    }


def _baskets(user: Array, moment: Array) -> Array:
    """Number of each event's time within its user's window; times ascend within a user."""
    if not len(user):
        return np.zeros(0, np.int64)
    first = np.concatenate([[True], user[1:] != user[:-1]])
    new = first | np.concatenate([[True], moment[1:] != moment[:-1]])
    number = np.cumsum(new)
    return number - number[np.maximum.accumulate(np.where(first, np.arange(len(user)), 0))]
