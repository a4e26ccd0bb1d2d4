"""One batch of users as padded tensors."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from lsif.features.ragged import Array, slices, starts
from lsif.features.snapshot import Snapshot


@dataclass(frozen=True)
class Batch:
    """`B` users; a row of a history or window past its end has mask False and item 0.

    Attributes:
        history_item: item numbers [B, L], heaviest first.
        history_mask: [B, L], true where there is a row.
        history_features: [B, L, F].
        window_item, window_type: item and event type numbers [B, S], oldest first.
        window_age: days from the event to the end of `ds` [B, S].
        window_basket: number of the event's time among the window's, 0 = oldest [B, S]: equal times are one set.
        window_mask: [B, S].
        search_text, search_age: text vectors of what was searched [B, N, T], and days to the end of `ds` [B, N], oldest
            first.
        search_mask: [B, N].
        user_features: [B, P].
        tail_item, tail_mask: the rest of the history [B, T].
        group, group_mask, group_features: numbers [B, G], mask and features [B, G, X] of the groups a user knows.
    """

    history_item: Tensor
    history_mask: Tensor
    history_features: Tensor
    window_item: Tensor
    window_type: Tensor
    window_age: Tensor
    window_basket: Tensor
    window_mask: Tensor
    search_text: Tensor
    search_age: Tensor
    search_mask: Tensor
    user_features: Tensor
    tail_item: Tensor
    tail_mask: Tensor
    group: Tensor
    group_mask: Tensor
    group_features: Tensor

    def __len__(self) -> int:
        return len(self.history_item)

    def to(self, device: torch.device) -> "Batch":
        return Batch(**{name: value.to(device) for name, value in vars(self).items()})

    def renumbered(self, items: Tensor) -> "Batch":
        """The batch with item numbers as positions in `items`, sorted numbers that hold all of history and window."""
        tail = torch.searchsorted(items, self.tail_item).clamp(max=len(items) - 1)
        return replace(
            self,
            history_item=torch.searchsorted(items, self.history_item),
            window_item=torch.searchsorted(items, self.window_item),
            tail_item=tail,
            tail_mask=self.tail_mask & (items[tail] == self.tail_item),
        )


def batch_of(shot: Snapshot, rows: Array) -> Batch:
    """The users of a snapshot at positions `rows`, padded to the longest among them (at least 1)."""
    past, owner = slices(shot.history_start, rows)
    recent, actor = slices(shot.window_start, rows)
    known, knower = slices(shot.group_start, rows)
    said, asker = slices(shot.search_start, rows)
    tail, keeper = slices(shot.tail_start, rows)
    return Batch(
        history_item=padded(shot.history_item[past], owner, len(rows)),
        history_mask=padded(np.ones(len(past), bool), owner, len(rows)),
        history_features=padded(shot.history_rows[past], owner, len(rows)),
        window_item=padded(shot.window_item[recent], actor, len(rows)),
        window_type=padded(shot.window_type[recent], actor, len(rows)),
        window_age=padded(shot.window_age[recent], actor, len(rows)),
        window_basket=padded(shot.window_basket[recent], actor, len(rows)),
        window_mask=padded(np.ones(len(recent), bool), actor, len(rows)),
        search_text=padded(shot.search_text[said], asker, len(rows)),
        search_age=padded(shot.search_age[said], asker, len(rows)),
        search_mask=padded(np.ones(len(said), bool), asker, len(rows)),
        user_features=torch.from_numpy(shot.user_features[rows]),
        tail_item=padded(shot.tail_item[tail], keeper, len(rows)),
        tail_mask=padded(np.ones(len(tail), bool), keeper, len(rows)),
        group=padded(shot.group[known], knower, len(rows)),
        group_mask=padded(np.ones(len(known), bool), knower, len(rows)),
        group_features=padded(shot.group_features[known], knower, len(rows)),
    )


def padded(values: Array, owner: Array, rows: int) -> Tensor:
    """Flat values, sorted by their row `owner`, as [rows, longest, ...]; zeros past the end of a row.

    Whole numbers come as int64, which torch wants of an index.
    """
    start = starts(owner, rows)
    longest = max(int(np.diff(start).max(initial=0)), 1)
    kind = np.int64 if values.dtype.kind == "i" else values.dtype
    filled = np.zeros((rows, longest, *values.shape[1:]), kind)
    filled[owner, np.arange(len(owner)) - start[owner]] = values
    return torch.from_numpy(filled)
