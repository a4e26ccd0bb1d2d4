"""Write user_interests/D: what of each user's interest belongs to which category, or other word of the catalogue.

    python jobs/user_interests.py --ds 2017-10-31

Nothing of a night reads it: it is for people and their programs. Of users who opted out there is no row.
"""

from lsif.features.user_interests import interest_inputs, user_interests
from lsif.interests.as_of import in_force_inputs
from lsif.job import Counts, Job, run_job
from lsif.ranking.user_facts import opted_out


def inputs(job: Job) -> dict[str, str]:
    said = in_force_inputs(job.tables, "users", job.ds) if job.tables.days("users") else {}
    return interest_inputs(job.tables, job.ds, job.settings) | said


def work(job: Job) -> Counts:
    writer = job.tables.writer("user_interests")
    writer.write(job.ds, user_interests(job.tables, job.ds, job.settings, opted_out(job.tables, job.ds)))
    return Counts(None, writer.commit())


if __name__ == "__main__":
    run_job("user_interests", __doc__, inputs, work, ("interests", "user_interests"))
