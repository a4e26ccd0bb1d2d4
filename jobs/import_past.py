"""Load an old log in one go, or write what a training reads at its past cutoffs.

    python jobs/import_past.py --from 2017-01-01 --ds 2017-10-30
    python jobs/import_past.py --cutoffs --ds 2017-10-30

The first takes in the events of every day from --from to --ds in one Spark application and one commit a table, and
writes their tiles. An old log knows no arrivals, so each event counts as arrived on its UTC day. It equals the nights
run one by one. The second writes histories and windows at the training cutoffs before --ds, in one pass; those that
are there already stay unless --force is given.
"""

import argparse

from lsif.days import days_between, parsed_day
from lsif.errors import LsifError
from lsif.interests.ingest import delivery_marks, ingest, past
from lsif.interests.storing import store_histories, store_tiles, store_windows
from lsif.job import Counts, Job, run_step, run_steps
from lsif.ranking.cutoffs import cutoffs
from lsif.spark import session


def arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--from", dest="first", metavar="YYYY-MM-DD", help="first day of the past to load, up to --ds")
    what.add_argument(
        "--cutoffs", action="store_true", help="histories and windows at the training cutoffs before --ds"
    )


def imported_days(job: Job) -> list[str]:
    if parsed_day(job.args.first) > job.ds:
        raise LsifError(f"--from {job.args.first} is after --ds {job.ds}")
    return days_between(job.args.first, job.ds)


def past_inputs(job: Job) -> dict[str, str]:
    return delivery_marks(job.settings, imported_days(job))


def load_past(job: Job) -> Counts:
    days, spark = imported_days(job), session("import_past", bulk=True)
    print(f"import_past: reading {len(days)} days of events", flush=True)
    found = ingest(spark, job.tables, job.settings, days, past(days))
    print(f"import_past: {found.events:,} events are in; writing their tiles", flush=True)
    store_tiles(spark, job.tables, days)
    return Counts(found.rows_in, found.events, found.duplicates, found.quarantined, note=f"{len(days)} days")


def cutoff_dates(job: Job) -> list[str]:
    begins = min(job.tables.days("events"), default=job.ds)
    return sorted(cutoffs(job.ds, job.settings.training, begins).all())


def cutoff_inputs(job: Job) -> dict[str, str]:
    days = job.tables.require_days("history_tiles", min(job.tables.days("history_tiles"), default=job.ds), job.ds)
    return job.tables.fingerprints("history_tiles", days)


def write_cutoffs(job: Job) -> Counts:
    dates, spark = cutoff_dates(job), session("import_past", bulk=True)
    missing = {
        name: [ds for ds in dates if job.force or ds not in job.tables.days(name)]
        for name in ("long_term_histories", "recent_windows")
    }
    histories = windows = 0
    if due := missing["long_term_histories"]:
        print(f"import_past: histories at {len(due)} cutoffs, {due[0]} to {due[-1]}", flush=True)
        histories = store_histories(spark, job.tables, job.settings, due)
    if due := missing["recent_windows"]:
        print(f"import_past: windows at {len(due)} cutoffs, {due[0]} to {due[-1]}", flush=True)
        windows = store_windows(spark, job.tables, job.settings, due)[1]
    return Counts(len(dates), histories + windows, note=f"{histories:,} histories and {windows:,} windows")


def steps(job: Job) -> None:
    if job.args.cutoffs:
        run_step("training_cutoffs", job, cutoff_inputs, write_cutoffs)
    else:
        run_step("import_past", job, past_inputs, load_past)


if __name__ == "__main__":
    run_steps(__doc__, steps, arguments)
