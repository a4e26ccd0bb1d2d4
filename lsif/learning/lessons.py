"""From the tables at past cutoffs to a trained model, read as the night reads them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.evening import evening, evening_inputs, people_before
from lsif.features.known import Everyone, Nobody, nobody
from lsif.features.shared import shared
from lsif.features.snapshot import joined, snapshot
from lsif.features.text import catalogue_vectors
from lsif.features.text_encoders import text_encoder
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.draw import chances
from lsif.learning.step import Example
from lsif.learning.targets import targets
from lsif.learning.training import Progress, Trained, fit
from lsif.learning.warm_start import Start
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables

BEFORE, NOBODY = 0.2, 0.05
"""Shares of the examples whose user is taken as known `recent_days` before the cutoff, and as nobody knows: the parts
of a score are differences of what the model says of those, so it has to learn to say it."""


@dataclass(frozen=True)
class Lessons:
    """What a training reads, in numbers; no seed has a part in it.

    Attributes:
        index: the vocabulary.
        learn: one example a learning cutoff, oldest first.
        stop: the example that early stopping watches.
        active: users who took something after the learning cutoffs, of whom `learn` holds some or all.
    """

    index: ItemIndex
    learn: tuple[Example, ...]
    stop: Example
    active: int


def lessons(tables: Tables, at: Cutoffs, settings: Settings) -> Lessons:
    """Read the learning cutoffs and the one after them; the held-out days are never read.

    Raises:
        MissingDays: a window, tile or day of events at one of the cutoffs is missing.
        LsifError: a text has no vector.
    """
    index, most = vocabulary(tables, at.learn[0], settings), settings.training.examples
    active = sum(_active(tables, at, cutoff) for cutoff in at.learn)
    learn = tuple(example(tables, at, cutoff, index, settings, most / max(active, 1)) for cutoff in reversed(at.learn))
    watched = most / max(_active(tables, at, at.stop), 1)
    return Lessons(index, learn, example(tables, at, at.stop, index, settings, watched), active)


def _active(tables: Tables, at: Cutoffs, cutoff: str) -> int:
    """How many users took something after a cutoff."""
    took = tables.read("events", at.days_after(cutoff), ["user_id"], pc.field("weight") > 0)
    return int(pc.count_distinct(took["user_id"]).as_py())


def learned(read: Lessons, settings: Settings, progress: Progress, start: TrainedModel | None = None) -> Trained:
    """Fit a model on the lessons.

    Args:
        start: a model to begin with.

    Raises:
        LsifError: nobody did anything.
    """
    begin = Start(start.model, start.index) if start else None
    return fit(read.learn, read.stop, read.index, settings, progress, begin)


def beginning(champion: TrainedModel | None, at: Cutoffs, settings: Settings) -> TrainedModel | None:
    """The model to begin with: the champion, where it is wanted and early stopping watches days that it never saw."""
    unseen = champion is not None and champion.trained_through <= at.stop
    return champion if unseen and settings.training.warm_start else None


def vocabulary(tables: Tables, cutoff: str, settings: Settings) -> ItemIndex:
    """Every item of the catalogue at the cutoff, and every one that anybody had by then."""
    encoder = text_encoder(settings.model.text_encoder).name
    at = evening(tables, cutoff, settings, encoder)
    vectors = catalogue_vectors(at.items, at.item_vectors, encoder)
    return build_index(at.states, at.items, vectors, tuple(settings.event_types), encoder)


def example(
    tables: Tables, at: Cutoffs, cutoff: str, index: ItemIndex, settings: Settings, share: float = 1.0
) -> Example:
    """What was known at a cutoff of those who took something after it, and what they took.

    Users who took nothing afterwards teach nothing, and are half of the memory. Early stopping sees everybody as known.

    Args:
        share: of the users that are drawn.
    """
    now, days = Everyone(tables, cutoff, settings), at.days_after(cutoff)
    events = tables.read("events", tables.require_days("events", days[0], days[-1]))
    took = targets(events, index, now.ids, cutoff, at.horizon)
    active, of = took.active(), shared(tables.read("item_states", [cutoff]), cutoff, index)
    active = active[chances(now.ids.take(pa.array(active)), f"example {cutoff}") < share]
    ids = now.ids.take(pa.array(active))
    chance = np.ones(len(ids)) if cutoff == at.stop else chances(ids, f"side {cutoff}")
    sides = np.searchsorted([NOBODY, NOBODY + BEFORE], chance, side="right")  # 0 nobody, 1 before, 2 now
    people = (Nobody(cutoff), people_before(tables, cutoff, settings), now)
    shots = [
        snapshot(block, of, settings)
        for number, known in enumerate(people)
        for block in known.blocks(ids.filter(pa.array(sides == number)))
    ]
    order = np.argsort(sides, kind="stable")
    return Example(joined(shots or [snapshot(nobody(cutoff, ids), of, settings)]), took.only(active[order]))


def learning_inputs(tables: Tables, at: Cutoffs, settings: Settings) -> dict[str, str]:
    """Fingerprints of everything a training reads: what was known at each cutoff, and what came after."""
    events = sorted({day for cutoff in at.all() for day in at.days_after(cutoff)})
    found = tables.fingerprints("events", events)
    for cutoff in at.all():
        found |= evening_inputs(tables, cutoff, settings)
    return found
