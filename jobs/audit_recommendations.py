"""Read what score_users staged for D, every row, before anyone can see it.

    python jobs/audit_recommendations.py --ds 2017-10-31

Every check in lsif/ranking/checks.py, and every bound of [checks.fairness], either fails (exit code 2, nothing is
published, the last good list stays) or warns on stderr. --accept lets a day pass beyond a bound.
"""

import sys
from functools import partial

from lsif.checks import accept_arguments, hold
from lsif.evaluation.fairness import fairness_checks, shown_rows
from lsif.features.known import Everyone
from lsif.features.words import with_words
from lsif.interests.as_of import catalogue_at
from lsif.job import Counts, Job, run_job
from lsif.ranking.checks import Expected, audit, passed
from lsif.ranking.had import owned, sample, touched
from lsif.ranking.hits import Hits
from lsif.ranking.item_rules import closed_items
from lsif.ranking.popular import available_items
from lsif.ranking.user_facts import outside, without_lists

STEP = "audit_recommendations"


def inputs(job: Job) -> dict[str, str]:
    staged = job.tables.staged("recommendations", job.ds)
    return {staged.name: staged.identity}


def work(job: Job) -> Counts:
    staged = job.tables.staged("recommendations", job.ds)
    everyone = Everyone(job.tables, job.ds, job.settings)
    catalogue = with_words(catalogue_at(job.tables, job.ds), job.tables, job.ds, job.settings)
    users = outside(everyone.ids, without_lists(job.tables, job.ds, job.settings))
    items = available_items(catalogue)
    looked_into = sample(everyone, users)
    expected = Expected(
        users,
        items,
        job.settings.lists,
        {name: job.settings.rules_of(name) for name in job.settings.lists},
        Hits.of(staged.notes).missing(),
        closed_items(catalogue, items, job.settings, job.ds),
        partial(owned, everyone, items),
        looked_into,
        touched(everyone, looked_into),
    )
    shown = shown_rows(job.tables, job.ds, job.settings, staged.scan())
    fair = fairness_checks(shown, job.settings.checks.fairness, job.settings.fairness)
    held = hold(job, STEP, [*audit(staged.scan(), expected), *fair])
    warnings = passed(held.checks)
    for warning in warnings:
        print(f"audit ds={job.ds}: {warning}", file=sys.stderr)
    note = "; ".join(filter(None, [f"{len(warnings)} warnings", held.remarks]))
    rows = sum(file.rows for file in staged.files)
    return Counts(rows, rows, model_version=staged.notes["model_version"], note=note)


if __name__ == "__main__":
    sections = ("interests", "lists", "ranking", "llm", "fairness", "checks")
    run_job(STEP, __doc__, inputs, work, sections, accept_arguments)
