"""Load an old log in one go: the events of every day from --from to --ds, and their tiles.

    python jobs/import_past.py --from 2017-01-01 --ds 2017-10-30

One Spark application and one commit a table. It equals the nights run one by one: what lies in a day's file arrived on
that day. A log that is one file (its path names no {ds}) knows no arrivals; each of its events arrived on its UTC day.
Without a [catalogue] the items that the log names are written too, each with the day on which it appeared.
"""

import argparse
from functools import partial

from lsif.checks import accept_arguments, hold
from lsif.days import days_between, parsed_day
from lsif.errors import LsifError
from lsif.interests.bases import check_open
from lsif.interests.bounds import ingested
from lsif.interests.ingest import delivery_marks, ingest
from lsif.interests.lists import store_log_items
from lsif.interests.steps import DELIVERY
from lsif.interests.storing import store_tiles
from lsif.job import Counts, Job, run_job
from lsif.privacy.naming import naming
from lsif.spark import session

STEP = "import_past"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="first", required=True, metavar="YYYY-MM-DD", help="first day of the past to load, up to --ds"
    )
    accept_arguments(parser)


def imported_days(job: Job) -> list[str]:
    if parsed_day(job.args.first) > job.ds:
        raise LsifError(f"--from {job.args.first} is after --ds {job.ds}")
    return days_between(job.args.first, job.ds)


def inputs(job: Job) -> dict[str, str]:
    return delivery_marks(job.settings, imported_days(job)) | naming(job.settings)


def work(job: Job) -> Counts:
    days = imported_days(job)
    check_open(job.tables, days[0], days[-1])
    spark = session(STEP, bulk=True)
    print(f"import_past: reading {len(days)} days of events", flush=True)
    found = ingest(spark, job.tables, job.settings, days, partial(hold, job, STEP))
    print(f"import_past: {found.events:,} events are in; writing their tiles", flush=True)
    store_tiles(spark, job.tables, days)
    if job.settings.catalogue is None:
        store_log_items(job.tables, days, at=days[0])
    return ingested(found, f"{len(days)} days")


if __name__ == "__main__":
    run_job(STEP, __doc__, inputs, work, (*DELIVERY, "catalogue"), arguments)
