"""Thin what no night and no training needs, and free the storage of what was replaced, in every table.

    python jobs/retention.py --ds 2017-10-31

The configuration says how long, under [retention]. Tiles, histories and windows of older days are taken out of their
tables, so that no new reader sees them; files that nobody can see are deleted when they have been so for
`vacuum_days`, so that a reader who is at it keeps them. Each table has a line in the ledger that says its size.
"""

from functools import partial

from lsif.interests.retention import days_to_thin
from lsif.job import Counts, Job, run_step, run_steps
from lsif.schema import TABLES

MB = 1e6


def inputs(job: Job) -> dict[str, str]:
    """None: a day of it depends on what there is to tidy, and runs once."""
    return {}


def work(name: str, old: list[str], job: Job) -> Counts:
    before = job.tables.size(name)
    job.tables.remove(name, old)
    job.tables.tidy(name, job.settings.retention.vacuum_days)
    after = job.tables.size(name)
    note = (
        f"{len(old)} days thinned; {after.files} files of {after.visible / MB:.1f} MB hold the rows; "
        f"stored {before.stored / MB:.1f} MB before, {after.stored / MB:.1f} after"
    )
    return Counts(before.rows, after.rows, note=note)


def steps(job: Job) -> None:
    thinned = days_to_thin(job.tables, job.settings, job.ds)
    for name in [*thinned, *(name for name in TABLES if name not in thinned)]:
        run_step(f"retention of {name}", job, inputs, partial(work, name, thinned.get(name, [])))


if __name__ == "__main__":
    run_steps(__doc__, steps, ("retention", "training", "interests"))
