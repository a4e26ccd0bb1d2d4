"""From a model and what is known at one date to every user's list.

The night, the evaluation and the command line all call `recommend_batches` (or `recommend`, the same as one table), so
that there is one score.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.known import Known
from lsif.features.ragged import Array
from lsif.features.snapshot import Snapshot, snapshot
from lsif.features.text import catalogue_vectors
from lsif.features.vocabulary import ItemIndex
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
    trained: TrainedModel | None,
    known: Known,
    item_vectors: pa.Table,
    settings: Settings,
    users: Sequence[str] | None = None,
) -> pa.Table:
    """`recommend_batches` as one table."""
    return pa.Table.from_batches(recommend_batches(trained, known, item_vectors, settings, users), SCHEMA)


def recommend_batches(
    trained: TrainedModel | None,
    known: Known,
    item_vectors: pa.Table,
    settings: Settings,
    users: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Rows of `recommendations` as of `known.ds`, a chunk of users at a time.

    Everyone who left a trace gets `settings.ranking.k` rows, fewer only when fewer items are available. Users without
    history and window, or all users while there is no model, get the popular list.

    Args:
        trained: the model, or None before any.
        item_vectors: vectors of the catalogue's texts, for items newer than the model.
        users: only these; default: all.

    Raises:
        LsifError: the model does not fit the tables, a text has no vector, or nothing may be recommended.
    """
    if trained is None:
        return _popular(_chosen(known.user_ids(), users), known, settings, NO_MODEL)
    trained.check_fits(settings)
    vectors = catalogue_vectors(known.items, item_vectors, trained.index.text_encoder)
    index = trained.index.extended(known.items, vectors)
    shot = snapshot(known, index, settings)
    chosen = np.flatnonzero(pc.is_in(shot.user_ids, value_set=_chosen(shot.user_ids, users)))
    warm = (np.diff(shot.history_start) + np.diff(shot.window_start))[chosen] > 0
    night = Night(trained, index, shot, available_items(known), settings)
    cold = shot.user_ids.take(pa.array(chosen[~warm]))
    return chain(_fusion(night, chosen[warm]), _popular(cold, known, settings, trained.version))


@dataclass(frozen=True)
class Night:
    """What scoring reads at one date: the model, and everything as numbers of the catalogue's index."""

    trained: TrainedModel
    index: ItemIndex
    shot: Snapshot
    available: pa.Array
    settings: Settings

    def model(self) -> tuple[FusionModel, Catalogue]:
        """Model and items in float64; what is not available has the bias -inf."""
        model = deepcopy(self.trained.model).double().eval()
        with torch.inference_mode():
            items = model.all_items(self.index, self.shot.item_features, self.shot.item_factors)
        open_to_all = torch.from_numpy(np.asarray(pc.is_in(self.index.item_ids, value_set=self.available)))
        order = np.argsort(pc.sort_indices(self.index.item_ids))  # place of each item among the sorted ids
        return model, catalogue(replace(items, bias=torch.where(open_to_all, items.bias, -torch.inf)), order)

    def chunks(self, rows: Array) -> Iterator[Array]:
        size = max(1, min(self.settings.ranking.chunk_users, CHUNK_SCORES // len(self.index)))
        return (rows[start : start + size] for start in range(0, len(rows), size))


def _fusion(night: Night, rows: Array) -> Iterator[pa.RecordBatch]:
    model, items = night.model()
    stamp = Stamp(night.shot.ds, night.trained.version, night.settings.fingerprint())

    def listed(chunk: Array) -> pa.RecordBatch:
        lists = best_items(model, in_double(batch_of(night.shot, chunk)), items, night.settings.ranking.k)
        return fusion_rows(lists, night.shot.user_ids.take(pa.array(chunk)), night.index.item_ids, stamp)

    return in_turn(listed, night.chunks(rows))


def _popular(user_ids: pa.Array, known: Known, settings: Settings, version: str) -> Iterator[pa.RecordBatch]:
    popular = popular_items(known, settings.interests.recent_days, settings.ranking.k)
    if not len(popular):
        raise LsifError(f"no item is available on {known.ds}: there is nothing to recommend")
    stamp = Stamp(known.ds, version, settings.fingerprint())
    for start in range(0, len(user_ids), settings.ranking.chunk_users):
        yield popular_rows(user_ids[start : start + settings.ranking.chunk_users], popular, stamp)


def _chosen(user_ids: pa.Array, users: Sequence[str] | None) -> pa.Array:
    return user_ids if users is None else user_ids.filter(pc.is_in(user_ids, value_set=pa.array(users, pa.string())))
