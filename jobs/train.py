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
from pathlib import Path

from lsif.evaluation.fairness import fairness_inputs
from lsif.failpoints import failpoint
from lsif.job import Counts, Job, Line, is_first, run_command, run_job
from lsif.learning.cutoffs import Cutoffs, cutoffs
from lsif.learning.lessons import beginning, learning_inputs, trained
from lsif.memory import release_unused
from lsif.privacy.budget import check_total
from lsif.ranking.trained import TrainedModel
from lsif.registry import CHAMPION, Registry, note_moves
from lsif.registry.judged import SECTIONS, Fit, judged
from lsif.registry.registration import Candidate, register, registered
from lsif.registry.waiting import keep, waiting
from lsif.spark_training import asked_for, distribute
from lsif.tables.erased import ERASED


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
    rival = registry.aliases().get(CHAMPION)
    erased = str(len(job.tables.read(ERASED, columns=["seq"])))
    key = sealed({**hashes(job), "ds": job.ds, "rival": rival or "", "erased": erased})
    candidate, note = waiting(job.tables, key), "challenger, of a try before this one: nothing is fitted again"
    if candidate and job.force and registered(registry, candidate.training):
        candidate = None  # what was asked for is another one
    if candidate is None:
        candidate, note = fitted(job, registry, at, registry.readable(rival) if rival else None)
        if candidate:
            keep(job.tables, key, candidate)
    if candidate is None or not is_first():
        return Counts(None, None, note="trained along with the first process, which registers the model")
    failpoint("after_training")
    note_moves(registry, job.tables, job.ds)
    new = register(registry, candidate)
    note_moves(registry, job.tables, job.ds, "train", f"trained for {job.ds}")
    job.tables.written.add(f"model/{job.ds}")
    return Counts(len(candidate.comparison), len(candidate.comparison), model_version=new, note=note)


def fitted(job: Job, registry: Registry, at: Cutoffs, champion: TrainedModel | None) -> tuple[Candidate | None, str]:
    """A new model, judged, and a sentence about it; none in a process that only trains along."""
    check_total(job.settings.privacy, [version.tags for version in registry.versions()])
    start = beginning(champion, at, job.settings)
    made, examples = trained(job.tables, at, job.settings, show, start)
    release_unused()
    if not is_first():
        return None, ""
    found = Fit(made, examples, hashes(job), job.run_id)
    candidate = judged(job.tables, at, job.settings, found, champion, start)
    return candidate, f"challenger, interests of epoch {made.interests_of}, repeats of {made.repeat_of}"


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
