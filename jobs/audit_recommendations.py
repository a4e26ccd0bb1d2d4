"""Read what score_users staged for D, every row, before anyone can see it.

    python jobs/audit_recommendations.py --ds 2017-10-31

Every check in lsif/ranking/checks.py either fails (exit code 2, nothing is published, the last good list stays) or
warns on stderr. So does each of lsif/drift/ (what the model read and gave, beside the nights before, and how old what
it read is) and every bound of [checks.fairness]. --accept lets a day pass beyond a bound.
"""

from functools import partial

from lsif.checks import accept_arguments, has_failed, hold
from lsif.drift.night import drift_checks
from lsif.evaluation.fairness import fairness_checks, shown_rows
from lsif.experiments.served import Served, served_at
from lsif.features.known import Everyone
from lsif.features.words import with_words
from lsif.interests.as_of import catalogue_at
from lsif.job import Counts, Job, run_step, run_steps
from lsif.ranking.checks import Expected, passed
from lsif.ranking.checks_of_variants import audit_variants, missing_rows
from lsif.ranking.had import owned, sample, touched
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
    users = outside(everyone.ids, without_lists(job.tables, job.ds, job.settings))
    parts = served_at(job.tables, job.ds, job.settings, users)
    missing = missing_rows(staged.notes, [part.variant for part in parts])
    expected = {part.variant: expected_of(part, missing[part.variant], everyone, job) for part in parts}
    drift = drift_checks(job.tables, job.ds, staged.notes, job.settings)
    shown = shown_rows(job.tables, job.ds, job.settings, staged.scan())
    fair = fairness_checks(shown, job.settings.checks.fairness, job.settings.fairness)
    held = hold(job, STEP, [*audit_variants(staged.scan(), expected), *drift, *fair])
    warnings = passed(held.checks)
    unjudged = next((check.note for check in held.checks if check.verdict == "pass" and check.note), None)
    note = "; ".join(filter(None, [f"{len(warnings)} warnings", held.remarks, unjudged]))
    rows = sum(file.rows for file in staged.files)
    return Counts(rows, rows, model_version=staged.notes["model_version"], note=note)


def expected_of(part: Served, missing: dict[str, int], everyone: Everyone, job: Job) -> Expected:
    """Of the users of a variant, or of all."""
    lists = part.settings.lists
    catalogue = with_words(catalogue_at(job.tables, job.ds), job.tables, job.ds, part.settings)
    items, looked_into = available_items(catalogue), sample(everyone, part.ids)
    return Expected(
        part.ids,
        items,
        lists,
        {name: part.settings.rules_of(name) for name in lists},
        missing,
        closed_items(catalogue, items, part.settings, job.ds),
        partial(owned, everyone, items),
        looked_into,
        touched(everyone, looked_into),
    )


def steps(job: Job) -> None:
    """What was found by other bounds since, or is accepted now, is looked at again."""
    run_step(STEP, job, inputs, work, lambda last: not job.args.accept and not has_failed(job.tables, job.ds, STEP))


if __name__ == "__main__":
    of_lists = ("interests", "lists", "ranking", "llm", "experiment", "catalogue", "users", "privacy")
    run_steps(__doc__, steps, (*of_lists, "checks", "fairness"), accept_arguments)
