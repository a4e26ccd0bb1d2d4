"""Stage recommendations/D: the ranked list of every user known at the end of D.

    python jobs/score_users.py --ds 2017-10-31 [--model 3]

The first run of a day chooses the model (the champion, or as `ranking.model` says) and the ledger keeps it: later runs
of that day score with the same version unless --model gives another version or alias. What becomes of a night whose
model cannot be had, lsif/registry/ladder.py says. Nothing is visible until
audit_recommendations has read what was staged and publish_recommendations has committed it.
`--user U` prints that user's lists instead and writes nothing.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from lsif.checks import accept_arguments, hold
from lsif.features.evening import evening_inputs
from lsif.job import Counts, Job, run_step, run_steps
from lsif.ranking.night import evening_of, lists_of, write_lists
from lsif.ranking.recorded import recorded
from lsif.ranking.rows import NO_MODEL
from lsif.ranking.user_facts import UserFacts, facts_inputs
from lsif.registry.ladder import Chosen, chosen
from lsif.registry.standing import Wanted
from lsif.rule_columns import heard_by_rules

STEP = "score_users"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="VERSION|ALIAS", help="score with this version; 'none': popular lists")
    dash = "--user=-7 where the id begins with a dash"
    parser.add_argument("--user", metavar="U", help=f"print this user's lists and write nothing ({dash})")
    accept_arguments(parser)


def inputs(version: str, job: Job) -> dict[str, str]:
    read = evening_inputs(job.tables, job.ds, job.settings) | facts_inputs(job.tables, job.ds, job.settings)
    return {"model": version, **read}


def work(model: Callable[[], Chosen], job: Job) -> Counts:
    writer = job.tables.writer("recommendations")
    made_by = model()
    held = hold(job, STEP, list(made_by.checks))
    if held.failures:
        raise held.stop(mend="promote a version")
    trained = made_by.trained
    at = evening_of(job.tables, job.ds, job.settings, trained)
    tally = write_lists(writer, trained, at, job.settings, UserFacts(job.tables, job.ds, job.settings))
    through = {"trained_through": trained.trained_through} if trained else {}
    staged = writer.stage(model_version=made_by.version, **through, **tally.notes())
    rows = sum(file.rows for file in staged.files)
    note = "; ".join(filter(None, [held.remarks, trained.reads if trained else None])) or None
    return Counts(len(at.people.ids), rows, model_version=made_by.version, note=note, settings=recorded(job.settings))


def steps(job: Job) -> None:
    job = replace(job, settings=heard_by_rules(job.settings))
    scored = job.last_success(STEP)
    before = str(scored["model_version"]) if scored and scored["model_version"] else None
    wanted = Wanted(job.ds, job.args.model, job.settings.ranking.model, before)
    if job.args.user:
        print(lists_of(job.tables, job.ds, job.settings, model_for(job, wanted).trained, job.args.user))
        return
    # A day that has been scored may have nothing to do: its model is loaded when it has.
    made_by = None if wanted.pinned else model_for(job, wanted)
    version = made_by.version if made_by else before or NO_MODEL
    run_step(STEP, job, partial(inputs, version), partial(work, lambda: made_by or model_for(job, wanted)))


def model_for(job: Job, wanted: Wanted) -> Chosen:
    made_by = chosen(job.tables, wanted, job.settings.checks.missing_champion)
    for remark in made_by.remarks():
        print(f"{STEP} ds={job.ds}: {remark}", file=sys.stderr)
    return made_by


if __name__ == "__main__":
    sections = ("event_types", "interests", "ranking", "lists", "llm", "checks", "text")
    run_steps(__doc__, steps, sections, arguments)
