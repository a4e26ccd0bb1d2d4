"""From a model and what is known at one date to every user's list.

The night, the evaluation and the command line all call `recommend_batches` (or `recommend`, the same as one table), so
that there is one score.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.evening import Evening
from lsif.features.known import Users
from lsif.features.ragged import Array
from lsif.features.shared import Shared, shared
from lsif.features.snapshot import snapshot
from lsif.features.text import catalogue_vectors
from lsif.model.batch import batch_of
from lsif.model.fusion_model import FusionModel
from lsif.ranking.candidates import Catalogue, catalogue
from lsif.ranking.parts import best_items, in_double
from lsif.ranking.popular import available_items, popular_items
from lsif.ranking.rows import NO_MODEL, SCHEMA, Stamp, fusion_rows, popular_rows
from lsif.ranking.threads import in_turn
from lsif.ranking.trained import TrainedModel

CHUNK_SCORES = 2**24
"""Users times items of a chunk: a large catalogue makes chunks smaller than `chunk_users`."""


def recommend(
    trained: TrainedModel | None, at: Evening, settings: Settings, users: Sequence[str] | None = None
) -> pa.Table:
    """`recommend_batches` as one table."""
    return pa.Table.from_batches(recommend_batches(trained, at, settings, users), SCHEMA)


def recommend_batches(
    trained: TrainedModel | None, at: Evening, settings: Settings, users: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Rows of `recommendations` as of `at.ds`, a chunk of users at a time.

    Everyone who left a trace gets `settings.ranking.k` rows, fewer only when fewer items are available. Users without
    history and window, or all users while there is no model, get the popular list. Users are read, scored and let go a
    block at a time: memory grows with the items and not with the users.

    Args:
        trained: the model, or None before any.
        users: only these; default: all.

    Raises:
        LsifError: the model does not fit the tables, a text has no vector, or nothing may be recommended.
    """
    ids = at.people.ids
    chosen = ids if users is None else ids.filter(pc.is_in(ids, value_set=pa.array(users, pa.string())))
    if trained is None:
        return Popular(at, settings, NO_MODEL).rows(chosen)
    trained.check_fits(settings)
    night = Night(trained, at, settings)
    return chain.from_iterable(night.rows(block) for block in at.people.blocks(chosen))


class Night:
    """What scoring needs once a date: the model and every item as it scores them."""

    def __init__(self, trained: TrainedModel, at: Evening, settings: Settings) -> None:
        vectors = catalogue_vectors(at.items, at.item_vectors, trained.index.text_encoder)
        self.shared = shared(at.states, at.ds, trained.index.extended(at.items, vectors))
        self._model = deepcopy(trained.model).double().eval()
        self._items = _catalogue(self._model, self.shared, available_items(at.items))
        self._stamp = Stamp(at.ds, trained.version, settings.fingerprint())
        self._popular, self._settings = Popular(at, settings, trained.version), settings

    def rows(self, users: Users) -> Iterator[pa.RecordBatch]:
        """The rows of a block of users: first of those of whom something is known, by a chunk of them."""
        shot = snapshot(users, self.shared, self._settings)
        known = np.diff(shot.history_start) + np.diff(shot.window_start) > 0

        def listed(chunk: Array) -> pa.RecordBatch:
            lists = best_items(self._model, in_double(batch_of(shot, chunk)), self._items, self._settings.ranking.k)
            return fusion_rows(lists, shot.user_ids.take(pa.array(chunk)), self.shared.index.item_ids, self._stamp)

        yield from in_turn(listed, self._chunks(np.flatnonzero(known)))
        yield from self._popular.rows(shot.user_ids.filter(pa.array(~known)))

    def _chunks(self, rows: Array) -> Iterator[Array]:
        size = max(1, min(self._settings.ranking.chunk_users, CHUNK_SCORES // len(self.shared.index)))
        return (rows[start : start + size] for start in range(0, len(rows), size))


def _catalogue(model: FusionModel, of: Shared, available: pa.Array) -> Catalogue:
    """Items in float64; what is not available has the bias -inf."""
    with torch.inference_mode():
        items = model.all_items(of.index, of.item_features, of.item_factors)
    open_to_all = torch.from_numpy(np.asarray(pc.is_in(of.index.item_ids, value_set=available)))
    order = np.argsort(pc.sort_indices(of.index.item_ids))  # place of each item among the sorted ids
    return catalogue(replace(items, bias=torch.where(open_to_all, items.bias, -torch.inf)), order)


class Popular:
    """The list of those of whom nothing is known.

    Raises:
        LsifError: nothing may be recommended.
    """

    def __init__(self, at: Evening, settings: Settings, version: str) -> None:
        self._list = popular_items(at, settings.interests.recent_days, settings.ranking.k)
        if not len(self._list):
            raise LsifError(f"no item is available on {at.ds}: there is nothing to recommend")
        self._stamp, self._size = Stamp(at.ds, version, settings.fingerprint()), settings.ranking.chunk_users

    def rows(self, user_ids: pa.Array) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(user_ids), self._size):
            yield popular_rows(user_ids[start : start + self._size], self._list, self._stamp)
