"""Write what a training for D reads: histories and windows at the cutoffs before it, in one pass.

    python jobs/training_cutoffs.py --ds 2017-10-30

The configuration says how many cutoffs, under [training]. Those that are there already stay unless --force is given.
"""

from lsif.interests.storing import store_histories, store_windows
from lsif.job import Counts, Job, run_job
from lsif.ranking.cutoffs import cutoffs
from lsif.spark import session


def cutoff_dates(job: Job) -> list[str]:
    begins = min(job.tables.days("events"), default=job.ds)
    return sorted(cutoffs(job.ds, job.settings.training, begins).all())


def inputs(job: Job) -> dict[str, str]:
    days = job.tables.require_days("history_tiles", min(job.tables.days("history_tiles"), default=job.ds), job.ds)
    return job.tables.fingerprints("history_tiles", days)


def work(job: Job) -> Counts:
    dates, spark = cutoff_dates(job), session("training_cutoffs", bulk=True)
    names = ("long_term_histories", "recent_windows")
    there: dict[str, set[str]] = {name: set() if job.force else set(job.tables.days(name)) for name in names}
    missing = {name: [ds for ds in dates if ds not in there[name]] for name in names}
    histories = windows = 0
    if due := missing["long_term_histories"]:
        print(f"training_cutoffs: histories at {len(due)} cutoffs, {due[0]} to {due[-1]}", flush=True)
        histories = store_histories(spark, job.tables, job.settings, due)
    if due := missing["recent_windows"]:
        print(f"training_cutoffs: windows at {len(due)} cutoffs, {due[0]} to {due[-1]}", flush=True)
        windows = store_windows(spark, job.tables, job.settings, due)[1]
    return Counts(len(dates), histories + windows, note=f"{histories:,} histories and {windows:,} windows")


if __name__ == "__main__":
    run_job("training_cutoffs", __doc__, inputs, work)
