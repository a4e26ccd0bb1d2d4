"""From a model and what is known at one date to every user's list.

The night, the evaluation and the command line all call `recommend_batches` (or `recommend`, the same as one table), so
that there is one score.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from lsif.config import Interest, Settings
from lsif.features.attributes import labels_of
from lsif.features.evening import Evening
from lsif.features.known import Users, nobody
from lsif.features.ragged import Array
from lsif.features.shared import Shared, shared
from lsif.features.snapshot import snapshot
from lsif.features.text import catalogue_vectors
from lsif.model.batch import batch_of
from lsif.model.fusion_model import FusionModel
from lsif.ranking.by_rules import RuledLists, has_rules
from lsif.ranking.candidates import Catalogue, catalogue
from lsif.ranking.counted import Counting, count_items
from lsif.ranking.generators import FusionGenerator, Generator
from lsif.ranking.hits import Hits
from lsif.ranking.judged import Asked
from lsif.ranking.lists import deepest, ranked
from lsif.ranking.parts import Side, exact_scores, side
from lsif.ranking.pool import pool
from lsif.ranking.popular import available_items
from lsif.ranking.popular_lists import PopularLists
from lsif.ranking.reasons import Reasons
from lsif.ranking.rows import NO_MODEL, SCHEMA, Ranked, Stamp, ranked_rows
from lsif.ranking.tally import Tally
from lsif.ranking.telling import Block, Telling
from lsif.ranking.threads import in_turn
from lsif.ranking.trained import TrainedModel
from lsif.ranking.user_facts import Facts, UserFacts, blocks_of, with_lists
from lsif.ranking.user_rules import UserRules

CHUNK_SCORES = 2**24
"""Users times items of a chunk: a large catalogue makes chunks smaller than `chunk_users`."""


def recommend(
    trained: TrainedModel | None,
    at: Evening,
    settings: Settings,
    users: Sequence[str] | None = None,
    only: Interest | None = None,
    facts: UserFacts | None = None,
    tally: Tally | None = None,
) -> pa.Table:
    """`recommend_batches` as one table."""
    return pa.Table.from_batches(recommend_batches(trained, at, settings, users, only, facts, tally), SCHEMA)


def recommend_batches(
    trained: TrainedModel | None,
    at: Evening,
    settings: Settings,
    users: Sequence[str] | None = None,
    only: Interest | None = None,
    facts: UserFacts | None = None,
    tally: Tally | None = None,
) -> Iterator[pa.RecordBatch]:
    """Rows of `recommendations` as of `at.ds`, a chunk of users at a time.

    Everyone who left a trace gets every list of `settings.lists`, by its rules and as long as there are items for it.
    Users without history, window and searches, or all users while there is no model, get what is popular. Users are
    read, scored and let go a block at a time: memory grows with the items and not with the users.

    Args:
        trained: the model, or None before any.
        users: only these; default: all.
        only: rank every item by what long or short interest alone says; for a few users, whom somebody looks at.
        facts: what rules ask of users; None where no rule asks.
        tally: counts what rules did and how evidence held. Rows for which nobody counts have neither evidence nor
            reason.

    Raises:
        LsifError: the model does not fit the tables, a text has no vector, or nothing may be recommended.
    """
    ids = at.people.ids
    chosen = ids if users is None else ids.filter(pc.is_in(ids, value_set=pa.array(users, pa.string())))
    if facts is None and has_rules(settings):
        raise ValueError("rules of lists want to know of users: give `UserFacts`")
    if trained is None:
        return PopularNight(at, settings, facts, told=tally is not None).rows_of(chosen, tally or Tally())
    night = Night(trained, at, settings, only, facts, told=tally is not None)
    if tally is not None:
        night.count_items(tally)
    return night.rows_of(chosen, tally or Tally())


class Night:
    """What scoring needs once a date: the model and every item as it scores them, and where users are read.

    Attributes:
        index: all items by number.
        nobody: every item's score for a user of whom nothing is known [V].

    Raises:
        LsifError: as `recommend_batches`.
    """

    def __init__(
        self,
        trained: TrainedModel,
        at: Evening,
        settings: Settings,
        only: Interest | None = None,
        facts: UserFacts | None = None,
        told: bool = False,
    ) -> None:
        """
        Args:
            told: whether rows have evidence and reasons, and somebody counts.
        """
        trained.check_fits(settings)
        self._people, self._earlier, self._facts = at.people, at.earlier, facts
        index = trained.index
        vectors = catalogue_vectors(at.items, at.item_vectors, index.text_encoder)
        own = index.labels
        said = None if own is None else labels_of(at.items, at.item_attributes, own.made_by, own.names)
        self.index = index.extended(at.items, vectors, said)
        self._shared = shared(at.states, at.ds, self.index, at.elsewhere)
        self._model = deepcopy(trained.model).double().eval()
        self._items = _catalogue(self._model, self._shared, available_items(at.items))
        self._stamp = Stamp(at.ds, trained.version, settings.fingerprint())
        self._popular, self._settings = PopularLists(at, settings, trained.version, vectors, told), settings
        self.nobody = self._to_nobody(at.ds)
        self._only = only
        self._depth = len(self.index) if only else deepest(tuple(settings.lists.values()))
        self._telling: Telling | None = None
        self._counting: Counting | None = None
        if told:
            names, users = tuple(settings.lists), len(at.people.ids)
            self._counting = Counting.of(self._model, self.index, settings.interests, names, users)
            reasons = Reasons(settings, at.items, self.index.item_ids, at.ds)
            self._telling = Telling(self._model, self._items.items, self.index, settings, reasons, users)
        self._ruled, self._catalogue = None, at.items
        if has_rules(settings):
            self._ruled = RuledLists(settings, at.items, self.index.item_ids, self.index.text, at.ds)

    def count_items(self, tally: Tally) -> None:
        """Once a night, whoever scores its users."""
        available = available_items(self._catalogue)
        count_items(self._model, self._shared, self._catalogue, available, tally.profile)

    def rows_of(self, ids: pa.Array, tally: Tally) -> Iterator[pa.RecordBatch]:
        """The rows of some users (sorted), a block after the other, and as many blocks at once as there are threads."""
        ids, facts = with_lists(ids, self._facts)
        blocks = zip(self._people.blocks(ids), self._earlier.blocks(ids), facts, strict=False)
        for made, counted in in_turn(lambda block: self._of_block(*block), blocks):
            tally.take(counted)
            yield from made

    def _of_block(self, now: Users, before: Users, facts: Facts | None) -> tuple[list[pa.RecordBatch], Tally]:
        if facts is not None and not facts.ids.equals(now.ids):
            raise ValueError("facts are of other users than histories: blocks must be cut alike")
        tally, telling = Tally(), self._telling.of_block(now) if self._telling else None
        made = list(self.rows(now, before, facts, tally, telling))
        if telling is not None:
            telling.test(tuple(self._settings.lists), self._scores, tally)
        return made, tally

    def rows(
        self, now: Users, before: Users, facts: Facts | None, tally: Tally, telling: Block | None
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a block of users: first of those of whom something is known, by a chunk of them.

        Args:
            now, before: the same users as known at the date and `recent_days` before.
            facts: what rules ask of them.
            tally: counts.
            telling: makes evidence and reasons.
        """
        shots = [snapshot(users, self._shared, self._settings) for users in (now, before)]
        known = shots[0].known
        if self._facts is not None:
            known &= ~np.asarray(pc.is_in(now.ids, value_set=self._facts.unprofiled))
        rules = self._ruled.of_block(facts) if self._ruled and facts else None
        counting = None
        if self._counting and telling:
            counting = self._counting.of_block(shots[0], known, telling.seed, tally.profile)

        def listed(chunk: Array) -> pa.RecordBatch:
            sides = [side(self._model, batch_of(shot, chunk), self._items.items) for shot in shots]
            lists = self._ranked(sides, chunk, now.ids, rules, tally.hits)
            names, user_ids = tuple(self._settings.lists), now.ids.take(pa.array(chunk))
            said = telling.said(lists, sides[0], chunk) if telling else None
            if counting:
                counting.lists(lists, chunk)
            return ranked_rows(lists, names, user_ids, self.index.item_ids, self._stamp, said=said)

        # Side by side stand users with histories of one length: half of a chunk of neighbours by id is padding.
        by_length = np.argsort(np.diff(shots[0].history_start), kind="stable")
        made = pa.Table.from_batches(map(listed, self._chunks(by_length[known[by_length]])), SCHEMA)
        if counting:
            counting.end()
        yield from _by_user(made, now.ids).to_batches()
        yield from self._popular.rows(now.ids, np.flatnonzero(~known), facts, tally.hits)

    def _ranked(
        self, sides: Sequence[Side], chunk: Array, ids: pa.Array, rules: Sequence[UserRules] | None, hits: Hits
    ) -> Ranked:
        if self._ruled is None or rules is None:
            found = pool(sides[0], sides[1], self._items, self.nobody, self._depth)
            return ranked(found, tuple(self._settings.lists.values()), self._only)
        by = FusionGenerator(sides[0], sides[1], self._items, self.nobody)
        return self._ruled.ranked(self._ruled.asked(rules, chunk, ids, by, self._only), by, hits)

    def asked(self, user: str) -> tuple[Generator, list[Asked], pa.Array]:
        """Where one user's candidates come from, what every list asks of them, and the items by number."""
        ids, everything = pa.array([user]), np.zeros(1, np.int64)
        (now,), (before,) = list(self._people.blocks(ids)), list(self._earlier.blocks(ids))
        assert self._facts is not None
        (facts,) = list(self._facts.blocks(ids))
        shots = [snapshot(users, self._shared, self._settings) for users in (now, before)]
        if not shots[0].known.all() or user in self._facts.unprofiled.to_pylist():
            return self._popular.asked(ids, facts)
        sides = [side(self._model, batch_of(shot, everything), self._items.items) for shot in shots]
        by, index = FusionGenerator(sides[0], sides[1], self._items, self.nobody), self.index
        ruled = self._ruled or RuledLists(self._settings, self._catalogue, index.item_ids, index.text, self._stamp.ds)
        return by, ruled.asked(ruled.of_block(facts), everything, ids, by), index.item_ids

    def _to_nobody(self, ds: str) -> Array:
        """Every item's score for a user of whom nothing is known [V]."""
        shot = snapshot(nobody(ds, pa.array([""])), self._shared, self._settings)
        items = torch.arange(len(self.index))
        stranger = side(self._model, batch_of(shot, np.zeros(1, np.int64)), self._items.items)
        return exact_scores([stranger], self._items.items, torch.zeros_like(items), items)[0].numpy()

    def _scores(self, users: Users, item: Array) -> Array:
        """Of users with one item each."""
        shot, every = snapshot(users, self._shared, self._settings), np.arange(len(item))
        made = side(self._model, batch_of(shot, every), self._items.items)
        return exact_scores([made], self._items.items, torch.from_numpy(every), torch.from_numpy(item))[0].numpy()

    def _chunks(self, rows: Array) -> Iterator[Array]:
        size = max(1, min(self._settings.ranking.chunk_users, CHUNK_SCORES // len(self.index)))
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


class PopularNight:
    """The same without a model: everybody gets what is popular."""

    def __init__(self, at: Evening, settings: Settings, facts: UserFacts | None, told: bool = False) -> None:
        self._popular, self._facts = PopularLists(at, settings, NO_MODEL, told=told), facts

    def rows_of(self, ids: pa.Array, tally: Tally) -> Iterator[pa.RecordBatch]:
        """The rows of some users (sorted)."""
        ids, facts = with_lists(ids, self._facts)
        for block, asked in zip(blocks_of(ids), facts, strict=False):
            yield from self._popular.rows(block, np.arange(len(block)), asked, tally.hits)

    def asked(self, user: str) -> tuple[Generator, list[Asked], pa.Array]:
        """As of `Night`."""
        assert self._facts is not None
        (facts,) = list(self._facts.blocks(pa.array([user])))
        return self._popular.asked(pa.array([user]), facts)
