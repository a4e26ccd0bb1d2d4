"""Take in what the sources delivered for a day: events/D, and quarantine/D with the rule that each bad row broke.

    python jobs/ingest_events.py --ds 2017-10-31

Where the files lie, and which of their columns is which, the configuration says under [sources]. A missing file stops
the night; a day without events is declared, by a file with its header and no rows or by a file `<path>.empty` beside
it. A day that was delivered again replaces its rows.
"""

from lsif.interests.ingest import check_daily, delivery_marks, ingest, known_days, night
from lsif.job import Counts, Job, run_job
from lsif.spark import session


def inputs(job: Job) -> dict[str, str]:
    check_daily(job.settings)
    known = known_days(job.tables, job.ds, job.settings.rules.max_late_days)
    return delivery_marks(job.settings, [job.ds]) | job.tables.fingerprints("events", known)


def work(job: Job) -> Counts:
    before = job.last_success("ingest_events")
    found = ingest(session("ingest_events"), job.tables, job.settings, [job.ds], night(job.ds))
    again = f"delivered again: {before['rows_out']:,} events before, {found.events:,} now" if before else None
    return Counts(found.rows_in, found.events, found.duplicates, found.quarantined, note=found.told(again))


if __name__ == "__main__":
    run_job("ingest_events", __doc__, inputs, work)
