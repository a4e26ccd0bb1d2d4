"""From the tables at past cutoffs to a trained model, read as the night reads them."""

from dataclasses import dataclass

import pyarrow as pa

from lsif.config import Settings
from lsif.features.evening import evening, evening_inputs
from lsif.features.known import Everyone
from lsif.features.shared import shared
from lsif.features.snapshot import joined, snapshot
from lsif.features.text import catalogue_vectors
from lsif.features.text_encoders import text_encoder
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.step import Example
from lsif.learning.targets import targets
from lsif.learning.training import Progress, Trained, fit
from lsif.learning.warm_start import Start
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables


@dataclass(frozen=True)
class Lessons:
    """What a training reads, in numbers; no seed has a part in it.

    Attributes:
        index: the vocabulary.
        learn: one example a learning cutoff, oldest first.
        stop: the example that early stopping watches.
    """

    index: ItemIndex
    learn: tuple[Example, ...]
    stop: Example


def lessons(tables: Tables, at: Cutoffs, settings: Settings) -> Lessons:
    """Read the learning cutoffs and the one after them; the held-out days are never read.

    Raises:
        MissingDays: a window, tile or day of events at one of the cutoffs is missing.
        LsifError: a text has no vector.
    """
    index = vocabulary(tables, at.learn[0], settings)
    learn = tuple(example(tables, at, cutoff, index, settings) for cutoff in reversed(at.learn))
    return Lessons(index, learn, example(tables, at, at.stop, index, settings))


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


def example(tables: Tables, at: Cutoffs, cutoff: str, index: ItemIndex, settings: Settings) -> Example:
    """What was known at a cutoff of those who took something after it, and what they took.

    Users who took nothing afterwards teach nothing, and are half of the memory.
    """
    everyone, days = Everyone(tables, cutoff, settings), at.days_after(cutoff)
    events = tables.read("events", tables.require_days("events", days[0], days[-1]))
    took = targets(events, index, everyone.ids, cutoff, at.horizon)
    active, of = took.active(), shared(tables.read("item_states", [cutoff]), cutoff, index)
    ids = everyone.ids.take(pa.array(active))
    shots = [snapshot(block, of, settings) for block in everyone.blocks(ids)]
    return Example(joined(shots or [snapshot(everyone.nobody(), of, settings)]), took.only(active))


def learning_inputs(tables: Tables, at: Cutoffs, settings: Settings) -> dict[str, str]:
    """Fingerprints of everything a training reads: what was known at each cutoff, and what came after."""
    events = sorted({day for cutoff in at.all() for day in at.days_after(cutoff)})
    found = tables.fingerprints("events", events)
    for cutoff in at.all():
        found |= evening_inputs(tables, cutoff, settings)
    return found
