"""The three steps of a night that Spark takes: what each depends on and does, for jobs that run one or all."""

import pyarrow.compute as pc

from lsif.interests.ingest import Ingested, check_daily, delivery_marks, ingest, known_days, night
from lsif.interests.storing import events_in_window, stale_bases, store_base_if_due, store_tiles, store_windows
from lsif.job import Counts, Job
from lsif.spark import session

INGEST_EVENTS, LONG_TERM_HISTORY, RECENT_WINDOW = "ingest_events", "long_term_history", "recent_window"


def delivery_inputs(job: Job) -> dict[str, str]:
    check_daily(job.settings)
    known = known_days(job.tables, job.ds, job.settings.rules.max_late_days)
    return delivery_marks(job.settings, [job.ds]) | job.tables.fingerprints("events", known)


def write_events(job: Job) -> Counts:
    """Replace the events and the rejected rows of the day."""
    before = job.last_success(INGEST_EVENTS)
    found = ingest(session(INGEST_EVENTS), job.tables, job.settings, [job.ds], night(job.ds))
    again = f"delivered again: {before['rows_out']:,} events before, {found.events:,} now" if before else None
    return ingested(found, again)


def ingested(found: Ingested, first: str | None = None) -> Counts:
    """The ledger's counts of an ingest; its note is `first`, then the broken rules, the one broken most often first."""
    by_count = sorted(found.rules.items(), key=lambda rule: (-rule[1], rule[0]))
    broken = ", ".join(f"{rule} {count:,}" for rule, count in by_count)
    note = "; ".join(filter(None, [first, f"rules broken: {broken}" if broken else None])) or None
    return Counts(found.rows_in, found.events, found.duplicates, found.quarantined, note=note)


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
