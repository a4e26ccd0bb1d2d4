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

from lsif.config import Interest, Settings
from lsif.errors import LsifError
from lsif.features.attributes import labels_of
from lsif.features.evening import Evening
from lsif.features.known import Users, nobody
from lsif.features.ragged import Array
from lsif.features.shared import Shared, shared
from lsif.features.snapshot import snapshot
from lsif.features.text import catalogue_vectors
from lsif.model.batch import batch_of
from lsif.model.fusion_model import FusionModel
from lsif.ranking.candidates import Catalogue, catalogue
from lsif.ranking.lists import deepest, ranked
from lsif.ranking.parts import exact_scores, side
from lsif.ranking.pool import pool
from lsif.ranking.popular import available_items, popular_items
from lsif.ranking.rows import NO_MODEL, SCHEMA, Stamp, fusion_rows, popular_rows
from lsif.ranking.threads import in_turn
from lsif.ranking.trained import TrainedModel

CHUNK_SCORES = 2**24
"""Users times items of a chunk: a large catalogue makes chunks smaller than `chunk_users`."""


def recommend(
    trained: TrainedModel | None,
    at: Evening,
    settings: Settings,
    users: Sequence[str] | None = None,
    only: Interest | None = None,
) -> pa.Table:
    """`recommend_batches` as one table."""
    return pa.Table.from_batches(recommend_batches(trained, at, settings, users, only), SCHEMA)


def recommend_batches(
    trained: TrainedModel | None,
    at: Evening,
    settings: Settings,
    users: Sequence[str] | None = None,
    only: Interest | None = None,
) -> Iterator[pa.RecordBatch]:
    """Rows of `recommendations` as of `at.ds`, a chunk of users at a time.

    Everyone who left a trace gets every list of `settings.lists`, as long as there are items for it. Users without
    history and window, or all users while there is no model, get what is popular. Users are read, scored and let go a
    block at a time: memory grows with the items and not with the users.

    Args:
        trained: the model, or None before any.
        users: only these; default: all.
        only: rank every item by what long or short interest alone says; for a few users, whom somebody looks at.

    Raises:
        LsifError: the model does not fit the tables, a text has no vector, or nothing may be recommended.
    """
    ids = at.people.ids
    chosen = ids if users is None else ids.filter(pc.is_in(ids, value_set=pa.array(users, pa.string())))
    if trained is None:
        return Popular(at, settings, NO_MODEL).rows(chosen)
    return Night(trained, at, settings, only).rows_of(chosen)


class Night:
    """What scoring needs once a date: the model and every item as it scores them, and where users are read.

    Raises:
        LsifError: as `recommend_batches`.
    """

    def __init__(self, trained: TrainedModel, at: Evening, settings: Settings, only: Interest | None = None) -> None:
        trained.check_fits(settings)
        self._people, self._earlier = at.people, at.earlier
        index = trained.index
        vectors = catalogue_vectors(at.items, at.item_vectors, index.text_encoder)
        own = index.labels
        said = None if own is None else labels_of(at.items, at.item_attributes, own.made_by, own.names)
        self._shared = shared(at.states, at.ds, index.extended(at.items, vectors, said))
        self._model = deepcopy(trained.model).double().eval()
        self._items = _catalogue(self._model, self._shared, available_items(at.items))
        self._stamp = Stamp(at.ds, trained.version, settings.fingerprint())
        self._popular, self._settings = Popular(at, settings, trained.version), settings
        self._nobody = self._to_nobody(at.ds)
        self._only = only
        self._depth = len(self._shared.index) if only else deepest(tuple(settings.lists.values()))

    def rows_of(self, ids: pa.Array) -> Iterator[pa.RecordBatch]:
        """The rows of some users (sorted), a block after the other, and as many blocks at once as there are threads."""
        blocks = zip(self._people.blocks(ids), self._earlier.blocks(ids), strict=True)
        return chain.from_iterable(in_turn(lambda both: list(self.rows(*both)), blocks))

    def rows(self, now: Users, before: Users) -> Iterator[pa.RecordBatch]:
        """The rows of a block of users: first of those of whom something is known, by a chunk of them.

        Args:
            now, before: the same users as known at the date and `recent_days` before.
        """
        shots = [snapshot(users, self._shared, self._settings) for users in (now, before)]
        known = np.diff(shots[0].history_start) + np.diff(shots[0].window_start) > 0
        names, lists = tuple(self._settings.lists), tuple(self._settings.lists.values())
        ids = self._shared.index.item_ids

        def listed(chunk: Array) -> pa.RecordBatch:
            sides = [side(self._model, batch_of(shot, chunk), self._items.items) for shot in shots]
            found = pool(sides[0], sides[1], self._items, self._nobody, self._depth)
            return fusion_rows(ranked(found, lists, self._only), names, now.ids.take(pa.array(chunk)), ids, self._stamp)

        # Side by side stand users with histories of one length: half of a chunk of neighbours by id is padding.
        by_length = np.argsort(np.diff(shots[0].history_start), kind="stable")
        made = pa.Table.from_batches(map(listed, self._chunks(by_length[known[by_length]])), SCHEMA)
        yield from _by_user(made, now.ids).to_batches()
        yield from self._popular.rows(now.ids.filter(pa.array(~known)))

    def _to_nobody(self, ds: str) -> Array:
        """Every item's score for a user of whom nothing is known [V]."""
        shot = snapshot(nobody(ds, pa.array([""])), self._shared, self._settings)
        items = torch.arange(len(self._shared.index))
        stranger = side(self._model, batch_of(shot, np.zeros(1, np.int64)), self._items.items)
        return exact_scores([stranger], self._items.items, torch.zeros_like(items), items)[0].numpy()

    def _chunks(self, rows: Array) -> Iterator[Array]:
        size = max(1, min(self._settings.ranking.chunk_users, CHUNK_SCORES // len(self._shared.index)))
        return (rows[start : start + size] for start in range(0, len(rows), size))


def _catalogue(model: FusionModel, of: Shared, available: pa.Array) -> Catalogue:
    """Items in float64; what is not available has the bias -inf."""
    with torch.inference_mode():
        items = model.all_items(of.index, of.item_features, of.item_factors)
    open_to_all = torch.from_numpy(np.asarray(pc.is_in(of.index.item_ids, value_set=available)))
    order = np.argsort(pc.sort_indices(of.index.item_ids))  # place of each item among the sorted ids
    return catalogue(replace(items, bias=torch.where(open_to_all, items.bias, -torch.inf)), order)


def _by_user(rows: pa.Table, ids: pa.Array) -> pa.Table:
    """Rows in the order of `ids`, where the rows of each user are in theirs: who looks for one opens few row groups."""
    place = pc.index_in(rows["user_id"], value_set=ids).to_numpy()
    return rows.combine_chunks().take(np.argsort(place, kind="stable"))


class Popular:
    """The lists of those of whom nothing is known: what is popular, and nothing of their own.

    Raises:
        LsifError: nothing may be recommended.
    """

    def __init__(self, at: Evening, settings: Settings, version: str) -> None:
        lists = {name: one.k for name, one in settings.lists.items() if one.items != "own"}
        best = popular_items(at, settings.interests.recent_days, max(lists.values(), default=1))
        if not len(best):
            raise LsifError(f"no item is available on {at.ds}: there is nothing to recommend")
        self._lists = {name: best.slice(0, k) for name, k in lists.items()}
        self._stamp, self._size = Stamp(at.ds, version, settings.fingerprint()), settings.ranking.chunk_users

    def rows(self, user_ids: pa.Array) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(user_ids) if self._lists else 0, self._size):
            yield popular_rows(user_ids[start : start + self._size], self._lists, self._stamp)
