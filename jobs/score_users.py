"""Stage recommendations/D: the ranked list of every user known at the end of D.

    python jobs/score_users.py --ds 2017-10-31 [--model 3]

The first run of a day chooses the model (the champion, or as `ranking.model` says) and the ledger keeps it: later runs
of that day score with the same version unless --model gives another version or alias. What becomes of a night whose
model cannot be had, lsif/registry/ladder.py says. Nothing is visible until
audit_recommendations has read what was staged and publish_recommendations has committed it.
A user of an experiment (docs/experiments.md) gets the lists of their variant.
`--user U` prints that user's lists instead and writes nothing.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from lsif.checks import accept_arguments, hold
from lsif.experiment import every_variant, on_night
from lsif.experiments.record import Record
from lsif.experiments.served import serving
from lsif.features.evening import evening_inputs
from lsif.job import Counts, Job, run_step, run_steps
from lsif.privacy.naming import stored_user
from lsif.ranking.night import lists_of
from lsif.ranking.recorded import recorded
from lsif.ranking.user_facts import facts_inputs
from lsif.ranking.variants import write_variants
from lsif.registry.asked import asked, read_as
from lsif.registry.ladder import Chosen, chosen
from lsif.registry.standing import Wanted
from lsif.rule_columns import heard_by_rules

STEP = "score_users"
Models = Callable[[str | None], Chosen]
"""What a variant asks for, None for the night's own = the model."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="VERSION|ALIAS", help="score with this version; 'none': popular lists")
    dash = "--user=-7 where the id begins with a dash"
    parser.add_argument("--user", metavar="U", help=f"print this user's lists and write nothing ({dash})")
    accept_arguments(parser)


def inputs(versions: dict[str, str], stopped: frozenset[str], job: Job) -> dict[str, str]:
    read = versions | evening_inputs(job.tables, job.ds, job.settings)
    for of in (job.settings, *(own for _, own in every_variant(job.settings))):
        read |= facts_inputs(job.tables, job.ds, of)
    return read | ({"experiment/stopped": ", ".join(sorted(stopped))} if stopped else {})


def work(models: Models, wanted: list[str | None], job: Job) -> Counts:
    writer = job.tables.writer("recommendations")
    made_by = models(None)
    held = hold(job, STEP, list(made_by.checks))
    if held.failures:
        raise held.stop(mend="promote a version")
    trained = {name: models(name).trained for name in wanted}
    written = write_variants(writer, job.tables, job.ds, job.settings, trained)
    own = made_by.trained
    through = {"trained_through": own.trained_through} if own else {}
    staged = writer.stage(model_version=made_by.version, **through, **written.notes())
    rows = sum(file.rows for file in staged.files)
    note = "; ".join(filter(None, [held.remarks, own.reads if own else None, written.remark()])) or None
    return Counts(written.users, rows, model_version=made_by.version, note=note, settings=recorded(job.settings))


def steps(job: Job) -> None:
    job = replace(job, settings=heard_by_rules(on_night(job.settings, job.ds)))
    record = Record.read(job.tables, job.settings.experiment)
    if job.settings.experiment:
        record.check(job.settings.experiment)
    stopped, scored = record.stopped(job.ds), job.last_success(STEP)
    wanted = asked(job.ds, job.settings, job.args.model, scored, stopped)
    models = cache(lambda name: model_for(job, wanted[name].wanted))
    if job.args.user:
        user = stored_user(job.settings, job.args.user)
        own = serving(job.tables, job.ds, job.settings, user)
        print(lists_of(job.tables, job.ds, own.settings, models(own.model).trained, user))
        return
    # A day that has been scored may have nothing to do: its models are loaded when it has.
    versions = {read_as(name): of.kept or models(name).version for name, of in wanted.items()}
    run_step(STEP, job, partial(inputs, versions, stopped), partial(work, models, list(wanted)))


def model_for(job: Job, wanted: Wanted) -> Chosen:
    made_by = chosen(job.tables, wanted, job.settings.checks.missing_champion)
    for remark in made_by.remarks():
        print(f"{STEP} ds={job.ds}: {remark}", file=sys.stderr)
    return made_by


if __name__ == "__main__":
    sections = ("event_types", "interests", "ranking", "lists", "llm", "checks", "text", "experiment", "privacy")
    run_steps(__doc__, steps, sections, arguments)
