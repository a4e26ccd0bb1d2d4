"""Train a challenger for D, judge it on days it never saw, and register it.

    python jobs/train.py --ds 2017-10-30
    torchrun --standalone --nproc-per-node 2 jobs/train.py --ds 2017-10-30
    LSIF_SPARK_MASTER=spark://… LSIF_TRAIN_PROCESSES=4 python jobs/train.py --ds 2017-10-30

With E = D - horizon_days: the days (E, D] are held out, early stopping watches the horizon before them, and the cutoffs
before that are learned from. The challenger's lists as of E are compared with the champion's, with popularity and with
personal frequency on (E, D]; the numbers are registered with the version and gate.py decides on them. Nothing is
trained again on those days. What is judged is kept beside the tables until MLflow has it: a retry registers it.
"""

import hashlib
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from lsif.evaluation.fairness import fairness_inputs
from lsif.failpoints import failpoint
from lsif.job import Counts, Job, Line, is_first, run_command, run_job
from lsif.learning.cutoffs import Cutoffs, cutoffs
from lsif.learning.lessons import beginning, learning_inputs, trained
from lsif.learning.training import Trained
from lsif.learning.trial import circumstances, trial
from lsif.memory import release_unused
from lsif.privacy.budget import check_total
from lsif.ranking.trained import TrainedModel
from lsif.registry import CHAMPION, Registry, note_moves
from lsif.registry.registration import Candidate, register, registered
from lsif.registry.waiting import keep, waiting
from lsif.spark_training import asked_for, distribute
from lsif.tables.erased import ERASED

SECTIONS = {"event_types", "interests", "training", "model", "llm"}
"""Settings that a model is made with; the lists are what it is judged by."""
ALONG = Counts(None, None, note="trained along with the first process, which registers the model")


def inputs(job: Job) -> dict[str, str]:
    found = learning_inputs(job.tables, chosen(job), job.settings)
    found |= fairness_inputs(job.tables, chosen(job).judge, job.settings) | job.settings.privacy.of_training()
    if job.settings.training.warm_start:
        found["model/champion"] = Registry().aliases().get(CHAMPION, "")
    return found


def is_registered(last: Line) -> bool:
    return last["model_version"] in {version.number for version in Registry().versions()}


def work(job: Job) -> Counts:
    registry, at = Registry(), chosen(job)
    number = registry.aliases().get(CHAMPION)
    erased = str(len(job.tables.read(ERASED, columns=["seq"])))
    key = sealed({**hashes(job), "ds": job.ds, "rival": number or "", "erased": erased})
    candidate = waiting(job.tables, key)
    if candidate and job.force and registered(registry, candidate.training):
        candidate = None  # what was asked for is another one
    note = "challenger, of a try before this one: nothing is fitted again"
    if candidate is None:
        champion = registry.readable(number) if number else None
        check_total(job.settings.privacy, [version.tags for version in registry.versions()])
        start = beginning(champion, at, job.settings)
        made, examples = trained(job.tables, at, job.settings, show, start)
        release_unused()
        if not is_first():
            return ALONG
        candidate = judged(job, at, made, examples, champion, start)
        keep(job.tables, key, candidate)
        note = f"challenger, interests of epoch {made.interests_of}, repeats of {made.repeat_of}"
    if not is_first():
        return ALONG
    failpoint("after_training")
    note_moves(registry, job.tables, job.ds)
    new = register(registry, candidate)
    note_moves(registry, job.tables, job.ds, "train", f"trained for {job.ds}")
    job.tables.written.add(f"model/{job.ds}")
    return Counts(len(candidate.comparison), len(candidate.comparison), model_version=new, note=note)


def judged(
    job: Job, at: Cutoffs, made: Trained, examples: str, champion: TrainedModel | None, start: TrainedModel | None
) -> Candidate:
    """What was fitted, tried on the days that it never saw."""
    challenger = TrainedModel(made.model, made.index, "challenger", job.settings.interests, at.trained_through)
    found = trial(job.tables, at, job.settings, challenger, champion)
    drawn = {"examples": examples, "trial_users": f"{found.users} of {found.active}"}
    evaluation = circumstances(at, job.settings, champion, start)
    evaluation["groups"] = [asdict(one) for one in found.groups]
    made_with = job.settings.model_dump(mode="json", include=SECTIONS)
    candidate = Candidate(challenger, job.ds, made_with, found.comparison, evaluation, made.epochs, hashes(job), drawn)
    return replace(candidate, privacy=made.spent.tags() if made.spent else {}, training=job.run_id)


def show(line: str, done: float) -> None:
    print(f"{done:4.0%} {line}", flush=True)


def chosen(job: Job) -> Cutoffs:
    return cutoffs(job.ds, job.settings.training, min(job.tables.days("events"), default=job.ds))


def hashes(job: Job) -> dict[str, str]:
    """What went in: data, configuration and code."""
    return {"data_hash": sealed(job.inputs), **job.marks}


def sealed(words: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    if asked_for():
        run_command(lambda: distribute(Path(__file__).resolve(), sys.argv[1:]))
    run_job("train", __doc__, inputs, work, SECTIONS | {"lists", "fairness", "privacy"}, is_there=is_registered)
