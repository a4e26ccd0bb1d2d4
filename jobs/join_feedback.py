"""Join what users did with what they were shown: feedback/D and metrics_daily/D.

    python jobs/join_feedback.py --ds 2017-11-07

feedback/D: the events that arrived on D and show or answer a recommendation, each with the day of its list: what comes
late counts for the list that was seen, and no earlier day of feedback is made again.
metrics_daily/D: how many of them met a list; what came of the exposures that arrived on D - window_days; and the lists
of D - horizon_days against everything that arrived since, beside popularity and personal frequency; and how the lists
of D differ from those of the nights before, from each other and from the catalogue, and what they show to whom, which
nobody needs to click for. No rows where nothing was shown, or no list was published, on that day. And of how many
tested rows of D the evidence held; and what came of an experiment so far, which may stop a variant of it
(docs/experiments.md).
checks/D: whether some group of users got clearly less of the judged lists than everybody.
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from lsif.checks import Check, record, warn
from lsif.evaluation.experiment import days_more
from lsif.evaluation.experiment_night import experiment_inputs, look
from lsif.evaluation.feedback import ANY_LIST, metric_rows
from lsif.evaluation.gate import LSIF
from lsif.evaluation.published import days, evidence_held, judged_lists, published_inputs, tonight
from lsif.evaluation.steps import SECTIONS, feedback_inputs, rates_at, store_feedback
from lsif.evaluation.worst_group import group_rows, worst_group_check
from lsif.experiment import on_night
from lsif.job import Counts, Job, run_step, run_steps

STEP = "join_feedback"
SETTINGS = {"training", "interests", "lists", "fairness", "checks", "experiment", *SECTIONS}


def inputs(job: Job) -> dict[str, str]:
    looked = experiment_inputs(job.tables, job.ds, job.settings)
    return looked | feedback_inputs(job.tables, job.ds, job.settings) | published_inputs(job)


def work(job: Job) -> Counts:
    feedback, metrics = job.tables.writer("feedback"), job.tables.writer("metrics_daily")
    met = store_feedback(job.tables, job.ds, job.settings, feedback)
    shown, gap = rates_at(job.tables, job.ds, job.settings)
    found, by = judged_lists(job)
    compared, groups = metric_rows(found), group_rows(by, LSIF)
    tried, alarms = look(job.tables, job.ds, job.settings)
    of_lists = [compared, groups, tonight(job), evidence_held(job)]
    metrics.write(job.ds, pa.concat_tables([met, shown, *of_lists, tried]))
    metrics.commit()
    for alarm in alarms:
        warn(f"experiment ds={job.ds}: {alarm}")
    held(job, worst_group_check(by, job.settings.checks.fairness.worst_group, job.settings.fairness.min_group))
    events, out = (job.tables.rows(name, job.ds, job.ds)[job.ds] for name in ("events", "feedback"))
    answering = met.filter((pc.field("list") == ANY_LIST) & (pc.field("metric") == "matched"))
    note = f"{pc.sum(answering['n']).as_py() or 0:,} of {events:,} events answer a list"
    measured = f"{len(shown)} rates; {len(compared)} metrics of the lists of {days(job)[0]}"
    return Counts(events, out, note="; ".join(filter(None, [note, measured, gap, *alarms])))


def steps(job: Job) -> None:
    settings = on_night(job.settings, job.ds, days_more(job.settings))
    run_step(STEP, replace(job, settings=settings), inputs, work)


def held(job: Job, checks: list[Check]) -> None:
    """Of lists that are published nothing can be stopped any more."""
    record(job.tables, job.ds, STEP, checks)
    for check in checks:
        if check.verdict == "warn":
            warn(f"{STEP} ds={job.ds}: warn {check.name}: {check.note}")


if __name__ == "__main__":
    run_steps(__doc__, steps, SETTINGS)
