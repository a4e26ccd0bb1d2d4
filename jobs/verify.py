"""Count some users of D again, from their events in plain Python, and make their lists once more, one at a time.

    python jobs/verify.py --ds 2017-10-31 [--users 20]

It looks when the lists are published, costs no night, and tells whoever hears of warnings where something differs.
"""

import argparse
from functools import cache

from lsif.checks import warn
from lsif.job import Job, run_steps
from lsif.verify import verified

STEP = "verify"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--users", type=int, default=20, metavar="N", help="how many to look at (default 20)")


def look(job: Job) -> None:
    from lsif.lookup import model_of

    if job.ds not in job.tables.days("recommendations"):
        print(f"{STEP} ds={job.ds}: nothing is published, so there is nothing to look at")
        return
    found = verified(job.tables, job.ds, job.settings, cache(model_of), job.args.users)
    if found.differences:
        warn(f"{STEP} ds={job.ds}: {found.line()}")
    else:
        print(f"{STEP} ds={job.ds}: {found.line()}")


if __name__ == "__main__":
    run_steps(
        __doc__,
        look,
        ("event_types", "interests", "ranking", "lists", "llm", "checks", "text", "experiment"),
        arguments,
    )
