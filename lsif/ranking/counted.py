"""What a night counts of what its model reads and gives: of all items, and of users drawn by a hash."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Interests
from lsif.drift.grid import Grid
from lsif.drift.histogram import Histogram
from lsif.drift.profile import Profile
from lsif.features.group_features import group_feature_names
from lsif.features.groups import level_names
from lsif.features.history_features import OF_ITEM, history_feature_names
from lsif.features.item_features import COLUMNS
from lsif.features.ragged import Array
from lsif.features.shared import Shared
from lsif.features.snapshot import Snapshot
from lsif.features.user_features import USER_FEATURES
from lsif.features.vocabulary import ItemIndex
from lsif.model.fusion_model import FusionModel
from lsif.model.layers import ROWS, Standardise
from lsif.ranking.rows import SHARES, Ranked

USERS = 1024
"""Users of a night who are counted, about: enough to see a change of a few hundredths."""
SCORE, SHARE, AGE, FLAG = -2, -5, -2, 0
"""Widths of bins, as powers of two: of scores, of shares, of ages as logarithms, of yes or no."""


@dataclass(frozen=True)
class Counting:
    """What all blocks of a night share.

    Attributes:
        share: of the users that are drawn.
        names: of the lists.
    """

    share: float
    names: tuple[str, ...]
    users: Grid
    history: Grid
    groups: Grid

    @classmethod
    def of(
        cls, model: FusionModel, index: ItemIndex, interests: Interests, names: tuple[str, ...], users: int
    ) -> "Counting":
        """
        Args:
            names: of the lists.
            users: how many the night has.
        """
        said = index.labels.names if index.labels else ()
        history = history_feature_names(interests.half_lives_days, index.event_types)[: -len(OF_ITEM)]
        groups = group_feature_names(interests.half_lives_days, said)
        grids = {
            "users": _grid(USER_FEATURES, model.user_scale),
            "history": _grid(history, model.history_scale),
            "groups": _grid(groups, model.group_scale),
        }
        return cls(USERS / max(users, 1), names, **grids)

    def of_block(self, shot: Snapshot, known: Array, seed: Array, into: Profile) -> "Block":
        """
        Args:
            known: whom the model reads [U].
            seed: of each user [U], uint64.
        """
        drawn = known & (seed / 2.0**64 < self.share)
        self._read(shot.only(np.flatnonzero(drawn)), into)
        return Block(self.names, drawn, into)

    def _read(self, shot: Snapshot, into: Profile) -> None:
        into.add_all("users", self.users.count(shot.user_features))
        into.add_all("history", self.history.count(shot.history_features))
        into.add_all("groups", self.groups.count(shot.group_features))
        into.add("window", "log_age", Histogram.of(np.log1p(np.maximum(shot.window_age, 0)), AGE))
        into.add("window", "event_type", Histogram.of(shot.window_type.astype(np.float64), FLAG))


@dataclass
class Block:
    """Of one block of users; `drawn` says who of them is counted [U]."""

    names: tuple[str, ...]
    drawn: Array
    into: Profile
    _rows: list[tuple[Array, ...]] = field(default_factory=list)

    def lists(self, made: Ranked, chunk: Array) -> None:
        """Rows of a chunk, whose users stand at these positions in the block: kept until the block ends."""
        rows = np.flatnonzero(self.drawn[chunk][made.row])
        self._rows.append(tuple(values[rows] for values in (made.list, made.score, made.alpha, made.shares)))

    def end(self) -> None:
        if not self._rows:
            return
        of, score, alpha, shares = (np.concatenate(parts) for parts in zip(*self._rows, strict=True))
        for number, name in enumerate(self.names):
            mine = of == number
            if mine.any():
                self.into.add("score", name, Histogram.of(score[mine], SCORE))
                self.into.add("alpha", name, Histogram.of(alpha[mine], SHARE))
                for share, column in zip(SHARES, shares[mine].T, strict=True):
                    self.into.add("shares", f"{name}.{share}", Histogram.of(column, SHARE))


def count_items(model: FusionModel, of: Shared, items: pa.Table, available: pa.Array, into: Profile) -> None:
    """Of every item that may be recommended: what the model reads, and what it lacks of them.

    Args:
        items: the catalogue.
        available: ids.
    """
    index = of.index
    rows = np.flatnonzero(np.asarray(pc.is_in(index.item_ids, value_set=available)))
    said = level_names(index.labels.names if index.labels else ())[2:]
    names = (*COLUMNS, *(f"{name}_{level}" for level in said for name in COLUMNS[-3:]))
    grid = _grid(names[: of.item_features.shape[1]], model.item_scale)
    for start in range(0, len(rows), ROWS):
        into.add_all("items", grid.count(of.item_features[rows[start : start + ROWS]]))
    into.add("items", "without_text", Histogram.of(np.asarray(~index.text[rows].any(axis=1), np.float64), FLAG))
    category = items.filter(pc.is_in(items["item_id"], value_set=available))["category"]
    known = pc.is_in(category, value_set=pa.array(index.categories, pa.string()))
    unseen = pc.and_(pc.is_valid(category), pc.invert(known))
    for name, flags in (("without_category", pc.is_null(category)), ("unseen_category", unseen)):
        into.add("items", name, Histogram.of(flags.to_numpy().astype(np.float64), FLAG))


def _grid(names: tuple[str, ...], scale: Standardise) -> Grid:
    mean, deviation = (values.double().numpy() for values in (scale.mean, scale.deviation))
    return Grid.of(names, mean, deviation, scale.clip)
