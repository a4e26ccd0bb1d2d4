"""The step of a night that makes `item_hours` and `item_states`, and the same at the cutoffs of a training."""

import json
from collections.abc import Sequence

from lsif.config import Settings
from lsif.errors import MissingDays
from lsif.features import item_hours
from lsif.features.item_states import SCHEMA, item_states
from lsif.features.known import Everyone, days_of_tiles, popular_days
from lsif.interests.as_of import history_inputs
from lsif.interests.bases import history_settings
from lsif.job import Counts, Job
from lsif.tables import Tables
from lsif.tables.marks import number_of

ITEM_STATES = "item_states"
SECTIONS = ("interests", "model")


def states_inputs(job: Job) -> dict[str, str]:
    """What the states of the day are made from, or the days that are missing for it."""
    try:
        job.tables.require_days("recent_windows", job.ds, job.ds)
        return _made_from(job.tables, job.ds, job.settings)
    except MissingDays as gap:
        return job.tables.fingerprints(gap.table, gap.days)


def write_states(job: Job) -> Counts:
    """Replace the states of the day, unless a tile before it is missing: days may come in any order."""
    try:
        items = store_states(job.tables, job.ds, job.settings)
    except MissingDays as gap:
        return Counts(0, 0, note=f"no states of items: {len(gap.days)} days of {gap.table} are missing")
    return Counts(None, items)


def store_states(tables: Tables, ds: str, settings: Settings) -> int:
    """Write `item_hours` and `item_states` at `ds`; returns how many items the latter are of.

    Raises:
        MissingDays: a tile is missing, or the window of `ds`.
    """
    writer, of_hours, tables = tables.writer("item_states"), tables.writer("item_hours"), tables.pinned()
    everyone, days = Everyone(tables, ds, settings), days_of_tiles(tables, "item_tiles", ds, settings)
    tiles = (tables.read("item_tiles", [day]) for day in days)
    events = tables.by_day("events", _last_days(tables, ds), item_hours.COLUMNS)
    hours = item_hours.item_hours((rows for _, rows in events), ds)
    writer.write(ds, item_states(everyone.histories(), tiles, ds, settings, hours))
    of_hours.write(ds, hours)
    of_hours.commit()
    return writer.commit(made_from={ds: _digest(tables, ds, settings)})


def stale_states(tables: Tables, dates: Sequence[str], settings: Settings) -> list[str]:
    """Those of `dates` whose states are not there, or were made from something else than there is now."""
    tables = tables.pinned()
    there = set(tables.days("item_states"))
    return [
        ds for ds in dates if ds not in there or tables.made_from("item_states", ds) != _digest(tables, ds, settings)
    ]


def _last_days(tables: Tables, ds: str) -> list[str]:
    """The days whose events the hours are made of.

    Raises:
        MissingDays: one of them is missing.
    """
    first = min(tables.days("events"), default=ds)
    return tables.require_days("events", max(first, item_hours.last_days(ds)[0]), ds)


def _made_from(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    popular, lately = popular_days(ds, settings), item_hours.last_days(ds)
    found = history_inputs(tables, ds, history_settings(settings)) | tables.fingerprints("item_tiles", popular)
    return found | tables.fingerprints("events", lately)


def _digest(tables: Tables, ds: str, settings: Settings) -> int:
    of = json.dumps([_made_from(tables, ds, settings), settings.only(SECTIONS).fingerprint(), SCHEMA.names])
    return number_of(of)
