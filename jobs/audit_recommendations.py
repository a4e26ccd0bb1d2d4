"""Read what score_users staged for D, every row, before anyone can see it.

    python jobs/audit_recommendations.py --ds 2017-10-31

Every check in lsif/ranking/checks.py either fails (exit code 2, nothing is published, the last good list stays) or
warns on stderr.
"""

import sys

from lsif.features.known import Everyone
from lsif.interests.as_of import catalogue_at
from lsif.job import Counts, Job, run_job
from lsif.ranking.checks import Expected, audit, passed
from lsif.ranking.popular import available_items


def inputs(job: Job) -> dict[str, str]:
    staged = job.tables.staged("recommendations", job.ds)
    return {staged.name: staged.identity}


def work(job: Job) -> Counts:
    staged = job.tables.staged("recommendations", job.ds)
    items = available_items(catalogue_at(job.tables, job.ds))
    expected = Expected(Everyone(job.tables, job.ds, job.settings).ids, items, job.settings.ranking.k)
    warnings = passed(audit(staged.scan(), expected))
    for warning in warnings:
        print(f"audit ds={job.ds}: {warning}", file=sys.stderr)
    note = f"{len(warnings)} warnings"
    rows = sum(file.rows for file in staged.files)
    return Counts(rows, rows, model_version=staged.notes["model_version"], note=note)


if __name__ == "__main__":
    run_job("audit_recommendations", __doc__, inputs, work, ("interests", "ranking"))
