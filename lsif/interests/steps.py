"""The two steps that a night takes after its events: what each depends on and does, for jobs that run one or both."""

import pyarrow.compute as pc

from lsif.interests.storing import events_in_window, stale_bases, store_base_if_due, store_tiles, store_windows
from lsif.job import Counts, Job
from lsif.spark import session

LONG_TERM_HISTORY, RECENT_WINDOW = "long_term_history", "recent_window"


def history_inputs(job: Job) -> dict[str, str]:
    catalogue = job.tables.newest_day("items", job.ds)  # a base holds categories
    events = job.tables.fingerprints("events", job.tables.require_days("events", job.ds, job.ds))
    return events | job.tables.fingerprints("items", [catalogue] if catalogue else [])


def write_history(job: Job) -> Counts:
    """Replace the tiles of the day, and write a base when one is due."""
    spark = session(LONG_TERM_HISTORY)
    before = job.tables.read("history_tiles", [job.ds])
    rows = store_tiles(spark, job.tables, [job.ds])
    note = store_base_if_due(spark, job.tables, job.settings, job.ds)
    note += stale_bases(job.tables, job.ds, before)
    events = pc.sum(job.tables.read("user_tiles", [job.ds], ["events"])["events"]).as_py() or 0
    return Counts(events, rows["history_tiles"], note=note)


def window_inputs(job: Job) -> dict[str, str]:
    return job.tables.fingerprints("events", events_in_window(job.tables, job.settings, job.ds))


def write_windows(job: Job) -> Counts:
    """Replace the windows of the day."""
    events, windows = store_windows(session(RECENT_WINDOW), job.tables, job.settings, [job.ds])
    return Counts(events, windows)
