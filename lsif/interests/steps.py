"""The four steps of a night that Spark takes: what each depends on and does, for jobs that run one or all."""

from functools import partial

from lsif.checks import hold
from lsif.days import day_before, days_between
from lsif.errors import MissingDays
from lsif.interests.as_of import history_inputs
from lsif.interests.bases import check_open, history_settings, is_due
from lsif.interests.bounds import ingested
from lsif.interests.ingest import check_daily, delivery_marks, ingest
from lsif.interests.storing import (
    event_window_inputs,
    stale_windows,
    store_histories,
    store_tiles,
    store_windows,
    window_dates,
)
from lsif.job import Counts, Job
from lsif.privacy.naming import naming
from lsif.spark import session

INGEST_EVENTS, LONG_TERM_HISTORY, HISTORY_BASE = "ingest_events", "long_term_history", "history_base"
RECENT_WINDOW = "recent_window"
DELIVERY = ("sources", "event_types", "rules", "checks", "privacy")
"""Sections of the settings that say what becomes of a delivered row."""


def delivery_inputs(job: Job) -> dict[str, str]:
    check_daily(job.settings)
    known = days_between(day_before(job.ds, job.settings.rules.max_late_days), day_before(job.ds))
    found = delivery_marks(job.settings, [job.ds]) | naming(job.settings)
    return found | job.tables.fingerprints("events", known)


def write_events(job: Job) -> Counts:
    """Replace the events and the rejected rows of the day."""
    check_open(job.tables, job.ds, job.ds)
    before = job.tables.rows("events", job.ds, job.ds).get(job.ds)
    found = ingest(session(INGEST_EVENTS), job.tables, job.settings, [job.ds], partial(hold, job, INGEST_EVENTS))
    again = f"delivered again: {before:,} events before, {found.events:,} now" if before is not None else None
    return ingested(found, again)


def tile_inputs(job: Job) -> dict[str, str]:
    return job.tables.fingerprints("events", job.tables.require_days("events", job.ds, job.ds))


def write_tiles(job: Job) -> Counts:
    """Replace the tiles of the day."""
    rows = store_tiles(session(LONG_TERM_HISTORY), job.tables, [job.ds])
    return Counts(job.tables.rows("events")[job.ds], rows["history_tiles"])


def base_inputs(job: Job) -> dict[str, str]:
    """Nothing on a day that is to have no base; tiles that are missing are there as such."""
    how = history_settings(job.settings)
    if not is_due(job.tables, job.ds, how):
        return {}
    try:
        found = history_inputs(job.tables, job.ds, how, before=day_before(job.ds))
    except MissingDays as gap:
        return job.tables.fingerprints(gap.table, gap.days)
    catalogue = job.tables.newest_day("items", job.ds)  # a base holds categories
    return found | job.tables.fingerprints("items", [catalogue] if catalogue else [])


def write_base(job: Job) -> Counts:
    """Write a base when one is due and no tile before it is missing: else its day would hang on the order of nights."""
    if not is_due(job.tables, job.ds, history_settings(job.settings)):
        return Counts(0, 0, note="no base due")
    try:
        rows = store_histories(session(HISTORY_BASE), job.tables, job.settings, [job.ds])
    except MissingDays as gap:
        return Counts(0, 0, note=f"no base: {len(gap.days)} tiles before it are missing")
    return Counts(None, rows, note="a new base")


def window_inputs(job: Job) -> dict[str, str]:
    found: dict[str, str] = {}
    for ds in window_dates(job.tables, job.ds, job.settings):
        found |= event_window_inputs(job.tables, job.settings, ds)
    return found


def write_windows(job: Job) -> Counts:
    """Replace the windows of the day, and make those of `recent_days` before where they are missing or stale."""
    *before, ds = window_dates(job.tables, job.ds, job.settings)
    dates = [*stale_windows(job.tables, job.settings, before), ds]
    events, windows = store_windows(session(RECENT_WINDOW), job.tables, job.settings, dates)
    return Counts(events, windows)
