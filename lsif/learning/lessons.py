"""From the tables at past cutoffs to a trained model, read as the night reads them."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.attributes import ATTRIBUTES, Labels, attribute_inputs, attributes_known, labels_of
from lsif.features.draw import chances
from lsif.features.elsewhere import shared_counts
from lsif.features.evening import evening, evening_inputs, people_before
from lsif.features.known import Everyone, Nobody, nobody
from lsif.features.shared import shared
from lsif.features.snapshot import Snapshot, joined, snapshot
from lsif.features.text import catalogue_vectors
from lsif.features.text_encoders import text_encoder
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning import ranks
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.private import fit_private
from lsif.learning.scratch import scratch
from lsif.learning.seen import seen
from lsif.learning.step import Example
from lsif.learning.stored import Page, Shelf
from lsif.learning.takings import Takings, takings
from lsif.learning.targets import Targets
from lsif.learning.training import Progress, Trained, fit
from lsif.learning.warm_start import Start
from lsif.llm import KIND
from lsif.memory import release_unused
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables

BEFORE, NOBODY = 0.2, 0.05
"""Shares of the examples that come a second time, the user as known `recent_days` before the cutoff, and as nobody
knows: the parts of a score are differences of what the model says of those, so it has to learn to say it."""
AGAIN = 1 + BEFORE + NOBODY
WATCHED = 20_000
"""Users whom early stopping watches; of more, so many are drawn."""


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

    @property
    def drawn(self) -> int:
        """Users that `learn` holds, each of one cutoff once."""
        return sum(len(pc.unique(one.snapshot.user_ids)) for one in self.learn)


class Keeper(Protocol):
    """Where examples are kept."""

    to_come: int

    def keep(self, shots: Iterable[Snapshot], targets: Targets) -> Example:
        """One of snapshots as `joined` takes them."""
        ...


class InMemory:
    """Keeps them as they are."""

    to_come = 0

    def keep(self, shots: Iterable[Snapshot], targets: Targets) -> Example:
        return Example(joined(list(shots)), targets)


def lessons(tables: Tables, at: Cutoffs, settings: Settings, keeper: Keeper | None = None) -> Lessons:
    """Read the learning cutoffs and the one after them; the held-out days are never read.

    Args:
        keeper: of the examples; default: memory.

    Raises:
        MissingDays: a window, tile or day of events at one of the cutoffs is missing.
        LsifError: a text has no vector, or the keeper has no room.
    """
    index, training, keeper = vocabulary(tables, at.learn[0], settings, at), settings.training, keeper or InMemory()
    fewer, once = (
        training.model_copy(update={"examples": most})
        for most in (min(training.examples, WATCHED), int(training.examples / AGAIN))
    )
    (watched,), _ = takings(tables, at, (at.stop,), index, fewer)
    learn, active = takings(tables, at, at.learn, index, once, seen(tables, at, settings))
    keeper.to_come = len(watched.ids) + int(AGAIN * sum(len(taken.ids) for taken in learn))
    # The latest first: no later one has longer histories, so what it takes says whether there is room for all.
    stop, *made = [example(tables, at, taken, index, settings, keeper) for taken in (watched, *learn)]
    return Lessons(index, tuple(reversed(made)), stop, active)


@contextmanager
def lessons_in_files(tables: Tables, at: Cutoffs, settings: Settings) -> Iterator[Lessons]:
    """The same in mapped files below `home` until the block ends: memory does not grow with the number of users.

    Raises:
        LsifError: as `lessons`.
    """
    with in_files(settings.home, lambda shelf: lessons(tables, at, settings, shelf)) as read:
        yield read


@contextmanager
def in_files(home: Path, make: Callable[[Shelf], Lessons]) -> Iterator[Lessons]:
    """What `make` keeps on a shelf below `home`, until the block ends.

    Of processes that train together the first on each machine makes it, and all there read its files.
    """
    with ranks.joined() as together, ExitStack() as held:
        writer = together.first_here()
        if together.rank == writer:
            shelf = Shelf(held.enter_context(scratch(home)))
            read = make(shelf)
            _write(shelf, read)
            together.gathered(str(shelf.folder))
            yield read
        else:
            yield _opened(Path(together.gathered(None)[writer]))


def _write(shelf: Shelf, read: Lessons) -> None:
    """What is beside the files of the shelf, for the other processes."""
    (shelf.folder / "lessons").write_bytes(pickle.dumps((shelf.pages, read.index, read.active)))


def _opened(folder: Path) -> Lessons:
    pages: list[Page]
    pages, index, active = pickle.loads((folder / "lessons").read_bytes())
    stop, *made = [page.opened() for page in pages]
    return Lessons(index, tuple(reversed(made)), stop, active)


def learned(read: Lessons, settings: Settings, progress: Progress, start: TrainedModel | None = None) -> Trained:
    """Fit a model on the lessons.

    Args:
        start: a model to begin with.

    Raises:
        LsifError: nobody did anything.
    """
    if settings.privacy.epsilon:
        return fit_private(read.learn, read.index, settings, progress)
    begin = Start(start.model, start.index) if start else None
    return fit(read.learn, read.stop, read.index, settings, progress, begin)


def trained(
    tables: Tables, at: Cutoffs, settings: Settings, progress: Progress, start: TrainedModel | None
) -> tuple[Trained, str]:
    """A model of the cutoffs, and how many of how many examples it was made of; nothing keeps the lessons' files.

    Raises:
        LsifError: as `lessons` and `learned`.
    """
    with lessons_in_files(tables, at, settings) as read:
        return learned(read, settings, progress, start), f"{read.drawn} of {read.active}"


def beginning(champion: TrainedModel | None, at: Cutoffs, settings: Settings) -> TrainedModel | None:
    """The model to begin with: the champion, where it is wanted and early stopping watches days that it never saw."""
    unseen = champion is not None and champion.trained_through <= at.stop
    return champion if unseen and settings.training.warm_start else None


def vocabulary(tables: Tables, cutoff: str, settings: Settings, of: Cutoffs | None = None) -> ItemIndex:
    """Every item of the catalogue at the cutoff, and every one that anybody had by then.

    Args:
        of: the training. What is said of a text knows nothing of the log, and is read as it is known on its day.

    Raises:
        LsifError: attributes are wanted, and none are known.
    """
    setting = settings.model.text_encoder
    encoder = text_encoder(setting).name
    at = evening(tables, cutoff, settings, encoder)
    vectors = catalogue_vectors(at.items, at.item_vectors, encoder)
    said = _said(tables, at.items, of.ds if of else cutoff, settings) if settings.llm.use else None
    return build_index(at.states, at.items, vectors, tuple(settings.event_types), encoder, said, setting)


def _said(tables: Tables, items: pa.Table, ds: str, settings: Settings) -> Labels:
    how = settings.llm
    found = labels_of(items, attributes_known(tables, ds), how.made_by, (KIND, *how.attributes))
    if not found.value.any():
        raise LsifError(
            f"no attributes of {how.made_by} are known on {ds}: `lsif llm export` asks for them, and without "
            "them [llm] use = false"
        )
    return found


def example(
    tables: Tables, at: Cutoffs, taken: Takings, index: ItemIndex, settings: Settings, keeper: Keeper
) -> Example:
    """What was known at a cutoff of those who took something after it, and what they took.

    Users who took nothing afterwards teach nothing, and are half of the memory. Early stopping sees everybody as known.
    """
    cutoff, now = taken.cutoff, Everyone(tables, taken.cutoff, settings)
    taken, states = taken.known(now.ids), tables.read("item_states", [cutoff])
    of = shared(states, cutoff, index, shared_counts(tables, cutoff))
    chance = np.ones(len(taken.ids)) if cutoff == at.stop else chances(taken.ids, f"side {cutoff}")
    before = np.flatnonzero((chance >= NOBODY) & (chance < NOBODY + BEFORE))
    people = (Nobody(cutoff), people_before(tables, cutoff, settings), now)
    places = (np.flatnonzero(chance < NOBODY), before, np.arange(len(chance)))

    def shots() -> Iterator[Snapshot]:
        yield snapshot(nobody(cutoff, taken.ids.slice(0, 0)), of, settings)  # there is one, if of nobody
        for known, theirs in zip(people, places, strict=True):
            for block in known.blocks(taken.ids.take(pa.array(theirs))):
                yield snapshot(block, of, settings)

    kept = keeper.keep(shots(), taken.only(np.concatenate(places)).targets)
    release_unused()
    return kept


def learning_inputs(tables: Tables, at: Cutoffs, settings: Settings) -> dict[str, str]:
    """Fingerprints of everything a training reads: what was known at each cutoff, and what came after."""
    events = sorted({day for cutoff in at.all() for day in at.days_after(cutoff)})
    found = tables.fingerprints("events", events)
    for cutoff in at.all():
        found |= {name: mark for name, mark in evening_inputs(tables, cutoff, settings).items() if name != ATTRIBUTES}
    if shown := seen(tables, at, settings):
        found |= shown.inputs(at)
    return found | (attribute_inputs(tables, at.ds) if settings.llm.use else {})
