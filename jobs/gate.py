"""Decide whether the version trained for D may become champion: PASS or HOLD, with reasons, as tags of the version.

    python jobs/gate.py --ds 2017-10-30

Reads what train.py measured on the held-out days; a HOLD is a result and not a failure, so the exit code is 0.
"""

from lsif.evaluation.by_group import OfGroup
from lsif.evaluation.compare import Comparison, as_text
from lsif.evaluation.gate import Rival, Verdict, verdict
from lsif.job import Counts, Job, run_job
from lsif.privacy.erased import overdue, refused
from lsif.registry import Registry


def inputs(job: Job) -> dict[str, str]:
    number = Registry().trained_for(job.ds).number
    by = overdue(job.tables, job.ds).get(number)
    return {f"model/{job.ds}": number} | ({"overdue since": by} if by else {})


def work(job: Job) -> Counts:
    registry = Registry()
    version = registry.trained_for(job.ds)
    measured = registry.evaluation(version)
    against = measured["rival"]
    champion = against if isinstance(against, str) else Rival(**against)
    groups = [OfGroup(**row) for row in measured.get("groups", ())]
    decision = verdict(measured["comparison"], measured["cutoff"], champion, job.settings.gate, groups)
    if by := overdue(job.tables, job.ds).get(version.number):
        decision = Verdict(False, [str(refused(version.number, by)), *decision.reasons])
    registry.tag(version, gate=decision.status, gate_reasons="; ".join(decision.reasons))
    show(version.number, decision, measured["comparison"])
    rows = len(measured["comparison"])
    return Counts(rows, rows, model_version=version.number, note=decision.status)


def show(number: str, decision: Verdict, comparison: Comparison) -> None:
    """The verdict and what it rests on, for the task's log."""
    print(f"version {number}: {decision.status}")
    for reason in decision.reasons:
        print(f"  {reason}")
    print(as_text(comparison))


if __name__ == "__main__":
    run_job("gate", __doc__, inputs, work, ("gate",))
