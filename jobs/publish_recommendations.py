"""Make recommendations/D visible: the one commit, of exactly the files that the audit has read.

python jobs/publish_recommendations.py --ds 2017-10-31
"""

from lsif.errors import LsifError
from lsif.job import Counts, Job, run_job


def inputs(job: Job) -> dict[str, str]:
    staged = job.tables.staged("recommendations", job.ds)
    return {staged.name: staged.identity}


def work(job: Job) -> Counts:
    staged = job.tables.staged("recommendations", job.ds)
    audited = job.last_success("audit_recommendations")
    if audited is None or audited["inputs"][staged.name] != staged.identity:
        raise LsifError(f"what is staged for ds={job.ds} has not passed the audit: run audit_recommendations first")
    rows = staged.commit()
    return Counts(rows, rows, model_version=staged.notes["model_version"])


if __name__ == "__main__":
    run_job("publish_recommendations", __doc__, inputs, work)
