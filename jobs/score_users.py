"""Stage recommendations/D: the ranked list of every user known at the end of D.

    python jobs/score_users.py --ds 2017-10-31 [--model 3]

The first run of a day chooses the model (the champion, or as `ranking.model` says) and the ledger keeps it: later runs
of that day score with the same version unless --model gives another version or alias. Nothing is visible until
audit_recommendations has read what was staged and publish_recommendations has committed it.
`--user U` prints that user's list instead and writes nothing.
"""

import argparse
import sys
from functools import partial

from lsif.errors import LsifError
from lsif.features.evening import evening, evening_inputs
from lsif.job import Counts, Job, run_step, run_steps
from lsif.ranking.night import lists_at
from lsif.ranking.rows import NO_MODEL
from lsif.ranking.scoring import recommend_batches
from lsif.ranking.trained import TrainedModel
from lsif.registry import Registry
from lsif.registry.chosen import version_for

STEP = "score_users"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="VERSION|ALIAS", help="score with this version; 'none': popular lists")
    parser.add_argument("--user", metavar="U", help="print this user's list and write nothing")


def inputs(version: str, job: Job) -> dict[str, str]:
    return {"model": version, **evening_inputs(job.tables, job.ds, job.settings)}


def work(version: str, job: Job) -> Counts:
    writer = job.tables.writer("recommendations")
    trained = model_of(version)
    at = evening(job.tables, job.ds, job.settings, trained.index.text_encoder if trained else None)
    writer.write(job.ds, recommend_batches(trained, at, job.settings))
    staged = writer.stage(model_version=version)
    return Counts(len(at.people.ids), sum(file.rows for file in staged.files), model_version=version)


def steps(job: Job) -> None:
    configured = job.settings.ranking.model
    version = version_for(job.ds, job.args.model, configured, job.last_success(STEP), Registry())
    if version == NO_MODEL:
        print(f"{STEP} ds={job.ds}: NO MODEL, everybody gets the popular list (model_version = none)", file=sys.stderr)
    if job.args.user:
        show(job, model_of(version))
        return
    run_step(STEP, job, partial(inputs, version), partial(work, version))


def model_of(version: str) -> TrainedModel | None:
    return None if version == NO_MODEL else Registry().load(version)


def show(job: Job, trained: TrainedModel | None) -> None:
    rows = lists_at(job.tables, job.ds, job.settings, trained, [job.args.user])
    if not len(rows):
        raise LsifError(f"nothing is known of user {job.args.user} at the end of {job.ds}: there is no list to print")
    print(rows.to_pandas().to_string(index=False))


if __name__ == "__main__":
    run_steps(__doc__, steps, ("interests", "ranking", "lists"), arguments)
