"""Take in what is said of users by D: users/D, and quarantine/D for rows without an id, or with one that is none.

    python jobs/ingest_users.py --ds 2017-10-31

Attributes and opt-outs, as [users] in the configuration says. Readers of a later day take the newest delivery before
it.
"""

from lsif.checks import accept_arguments
from lsif.errors import LsifError
from lsif.intake.masking import masking
from lsif.interests.listed import Listed
from lsif.interests.lists import list_inputs, store_list
from lsif.interests.quarantine import USERS
from lsif.interests.users import judged_users, without_users
from lsif.job import Counts, Job, run_job
from lsif.privacy.erased import left_out
from lsif.privacy.naming import naming
from lsif.sources import Users
from lsif.spark import session

STEP = "ingest_users"


def users(job: Job) -> Users:
    if job.settings.users is None:
        raise LsifError("the configuration has no [users]: nothing says where they are delivered")
    return job.settings.users


def inputs(job: Job) -> dict[str, str]:
    return list_inputs(job, "users", users(job)) | naming(job.settings)


def work(job: Job) -> Counts:
    given, rules, mask = users(job), job.settings.rules, masking(job.settings)
    erased = left_out(job.tables)

    def judge(path: str) -> Listed:
        return without_users(judged_users(session(STEP), given, path, rules, mask), erased, mask)

    return store_list(job, STEP, USERS, given, judge)


if __name__ == "__main__":
    run_job(STEP, __doc__, inputs, work, ("users", "rules", "checks", "privacy"), accept_arguments)
