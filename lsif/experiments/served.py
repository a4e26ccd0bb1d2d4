"""By which settings and model a user's lists are made: the one place that says so, for night, audit and people."""

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.experiment import of_variant, on_night
from lsif.experiments.assignment import variants_of
from lsif.experiments.record import Record
from lsif.tables import Tables


@dataclass(frozen=True)
class Served:
    """Some users of a night, and what their lists are made by.

    Attributes:
        variant: that they belong to; None without an experiment.
        by: the variant whose lists they get: the control, where their own is stopped.
        model: alias or version that it asks for; None for the night's own.
        ids: sorted.
    """

    variant: str | None
    by: str | None
    model: str | None
    settings: Settings
    ids: pa.Array


def served(settings: Settings, ids: pa.Array, stopped: Collection[str] = ()) -> list[Served]:
    """The users of a night (sorted), by variant; all of them by the settings as they are, without an experiment."""
    experiment = settings.experiment
    if experiment is None:
        return [Served(None, None, None, settings, ids)]
    variants, found = variants_of(ids, experiment), []
    for name in sorted(experiment.variants):
        by = experiment.control if name in stopped else name
        own = ids.filter(pc.equal(variants, name))
        found.append(Served(name, by, experiment.variants[by].model, of_variant(settings, by), own))
    return found


def served_at(tables: Tables, ds: str, settings: Settings, ids: pa.Array) -> list[Served]:
    """The same for the night of `ds`, as is written down of its experiment."""
    settings = on_night(settings, ds)
    return served(settings, ids, Record.read(tables, settings.experiment).stopped(ds))


def serving(tables: Tables, ds: str, settings: Settings, user: str) -> Served:
    """What one user's lists of the night of `ds` are made by."""
    return next(one for one in served_at(tables, ds, settings, pa.array([user])) if len(one.ids))


def models_asked(settings: Settings, stopped: Collection[str] = ()) -> list[str]:
    """Aliases and versions that variants ask for, beside the model that scores everybody, each once."""
    if settings.experiment is None:
        return []
    asked = {one.model for name, one in settings.experiment.variants.items() if one.model and name not in stopped}
    return sorted(asked)
