"""Make recommendations/D visible: the one commit, of exactly the files that the audit has read. What rules did to the
lists goes to list_rule_hits/D, and what the model read and gave to night_profiles/D; in an experiment, which variant's
lists each user got goes to assignments/D.

python jobs/publish_recommendations.py --ds 2017-10-31
"""

import pyarrow as pa

from lsif.checks import has_failed
from lsif.drift.profile import Profile
from lsif.errors import LsifError
from lsif.job import Counts, Job, run_job
from lsif.ranking.assigned import note_assignments
from lsif.ranking.hits import Hits
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

HITS, PROFILES = (arrow_schema(TABLES[name], with_ds=False) for name in ("list_rule_hits", "night_profiles"))


def inputs(job: Job) -> dict[str, str]:
    staged = job.tables.staged("recommendations", job.ds)
    return {staged.name: staged.identity}


def work(job: Job) -> Counts:
    staged = job.tables.staged("recommendations", job.ds)
    audited = job.last_success("audit_recommendations")
    passed = audited is not None and audited["inputs"][staged.name] == staged.identity
    if not passed or has_failed(job.tables, job.ds, "audit_recommendations"):  # by later bounds it may have
        raise LsifError(f"what is staged for ds={job.ds} has not passed the audit: run audit_recommendations first")
    rows = staged.commit()
    hits = job.tables.writer("list_rule_hits")
    hits.write(job.ds, pa.Table.from_pylist(Hits.of(staged.notes).rows(), HITS))
    hits.commit()
    profile = [{**row, "model_version": staged.notes["model_version"]} for row in Profile.of_notes(staged.notes).rows()]
    profiles = job.tables.writer("night_profiles")
    profiles.write(job.ds, pa.Table.from_pylist(profile, PROFILES))
    profiles.commit()
    note_assignments(job.tables, staged)
    return Counts(rows, rows, model_version=staged.notes["model_version"])


if __name__ == "__main__":
    run_job("publish_recommendations", __doc__, inputs, work)
