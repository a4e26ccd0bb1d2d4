"""Purge users who are on the list of erased users: out of every table, old files, pages, logs and delivered databases.

    python jobs/erase.py --ds 2017-10-31

`lsif erase` puts them on the list, and readers do not see them from then on. Each has a receipt below
LSIF_HOME/receipts, which names the delivered files that their owner has to delete, and the model versions that learned
from them: those may score until the day it says (`[privacy] retrain_days`).
"""

import sys

from lsif.job import Counts, Job, run_job
from lsif.privacy.erased import lines
from lsif.privacy.purge import purge


def inputs(job: Job) -> dict[str, str]:
    return {"list of erased users": str(len(lines(job.tables)))}


def work(job: Job) -> Counts:
    done = purge(job.tables, job.settings, job.ds)
    for one in done.left:
        print(f"erase ds={job.ds}: LEFT for a person: {one}", file=sys.stderr)
    note = f"{len(done.users)} users purged, {done.files:,} files that held them" if done.users else "nobody to purge"
    return Counts(done.rows, 0, note=note)


if __name__ == "__main__":
    run_job("erase", __doc__, inputs, work, ("sources", "users", "deliver", "privacy", "interests"))
