"""Numbers of a night that others may see, with noise that hides each user: released/D, and a page of nothing else.

    python jobs/release.py --ds 2017-10-31

How many users took each item in the 7 days up to D, and what the lists judged on D were worth to groups of users, as
[privacy] release_epsilon, delta, user_items and min_users say. The noise is drawn once: where D is released nothing is
drawn again unless forced, and the page, reports/released/D.html below LSIF_HOME, is made of the table.
"""

from lsif.errors import LsifError
from lsif.evaluation.judgement import cuts_of
from lsif.job import Counts, Fingerprints, Job, run_step, run_steps
from lsif.privacy.release import RELEASED, Judged, release, spent
from lsif.report.released import write


def steps(job: Job) -> None:
    if job.force or job.ds not in job.tables.days(RELEASED, job.ds, job.ds):
        run_step("release", job, nothing, draw)
    else:
        print(f"release ds={job.ds}: is released; noise that is drawn again (--force) says more of users")
    print(f"release ds={job.ds}: {write(job.tables, job.ds, job.settings)}")


def nothing(job: Job) -> Fingerprints:
    """Whatever changes in the tables, what was released stays."""
    return {}


def draw(job: Job) -> Counts:
    how = job.settings.privacy
    if not how.release_epsilon:
        raise LsifError("[privacy] release_epsilon is not set: without it there is no noise, and nothing may leave")
    lists, groups = job.settings.lists, job.settings.fairness.user_groups
    judged = Judged(f"ndcg@{cuts_of(job.settings)[0]}", lists, groups)
    counted, rows = release(job.tables, job.ds, how.release_epsilon, how, judged)
    note = f"epsilon {how.release_epsilon:g}, delta {how.delta:g}; all releases of this home {spent(job.tables):g}"
    return Counts(counted, rows, note=note)


if __name__ == "__main__":
    run_steps(__doc__, steps, ("privacy", "lists", "fairness", "text"))
