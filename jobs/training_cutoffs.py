"""Write what a training for D reads: histories and windows at the cutoffs before it, in one pass, and
what everybody did with each item by then.

    python jobs/training_cutoffs.py --ds 2017-10-30

The configuration says how many cutoffs, under [training]. Those that are there and not
stale stay unless --force is given.
"""

from lsif.days import day_before
from lsif.features.steps import stale_states, store_states
from lsif.interests.bases import history_settings, usable_bases
from lsif.interests.storing import (
    event_window_inputs,
    stale_windows,
    store_histories,
    store_windows,
    window_dates,
)
from lsif.job import Counts, Job, run_job
from lsif.learning.cutoffs import cutoffs
from lsif.spark import session


def cutoff_dates(job: Job) -> list[str]:
    begins = min(job.tables.days("events"), default=job.ds)
    return sorted(cutoffs(job.ds, job.settings.training, begins).all())


def inputs(job: Job) -> dict[str, str]:
    first = min(job.tables.days("history_tiles"), default=job.ds)
    tiles = job.tables.require_days("history_tiles", first, job.ds)
    found = job.tables.fingerprints("history_tiles", [day_before(first), *tiles])
    for ds in cutoff_dates(job):
        found |= event_window_inputs(job.tables, job.settings, ds)
    return found


def work(job: Job) -> Counts:
    dates, spark = cutoff_dates(job), session("training_cutoffs", bulk=True)
    fresh = set() if job.force else set(usable_bases(job.tables, dates[-1], history_settings(job.settings)))
    histories = windows = 0
    if due := [ds for ds in dates if ds not in fresh]:
        print(f"training_cutoffs: histories at {len(due)} cutoffs, {due[0]} to {due[-1]}", flush=True)
        histories = store_histories(spark, job.tables, job.settings, due)
    reached = sorted({day for ds in dates for day in window_dates(job.tables, ds, job.settings)})
    if due := reached if job.force else stale_windows(job.tables, job.settings, reached):
        print(f"training_cutoffs: windows at {len(due)} cutoffs, {due[0]} to {due[-1]}", flush=True)
        windows = store_windows(spark, job.tables, job.settings, due)[1]
    if due := dates if job.force else stale_states(job.tables, dates, job.settings):
        print(f"training_cutoffs: states of items at {len(due)} cutoffs, {due[0]} to {due[-1]}", flush=True)
        for ds in due:
            store_states(job.tables, ds, job.settings)
    return Counts(len(dates), histories + windows, note=f"{histories:,} histories and {windows:,} windows")


if __name__ == "__main__":
    run_job("training_cutoffs", __doc__, inputs, work, ("training", "interests", "model"))
