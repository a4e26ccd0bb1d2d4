"""Join what users did with what they were shown: feedback/D and metrics_daily/D.

    python jobs/join_feedback.py --ds 2017-11-07

feedback/D: the events that arrived on D and answer a recommendation, each with the day of the list that was in force
when it happened: what comes late counts for the list that was seen, and no earlier day of feedback is made again.
metrics_daily/D: the lists of D - horizon_days against everything that arrived since, beside popularity and personal
frequency; no rows where no list was published on that day.
"""

import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before, days_between
from lsif.evaluation.compare import Comparison
from lsif.evaluation.feedback import answered_days, answers, event_days, in_force, metric_rows
from lsif.evaluation.judgement import cuts_of, judgement
from lsif.features.evening import evening, evening_inputs
from lsif.job import Counts, Job, run_job

COLUMNS = ("ds", "list", "rank", "recommendation_id", "user_id", "item_id")


def inputs(job: Job) -> dict[str, str]:
    judged, since = days(job)
    found = job.tables.fingerprints("events", [*since, job.ds])
    published = job.tables.days("recommendations")
    answered = answered_days(arrived(job), published, job.ds)
    found |= job.tables.fingerprints("recommendations", {judged, *answered})
    return found | (evening_inputs(job.tables, judged, job.settings) if judged in published else {})


def work(job: Job) -> Counts:
    feedback, metrics = job.tables.writer("feedback"), job.tables.writer("metrics_daily")
    judged, since = days(job)
    events = arrived(job)
    published = job.tables.days("recommendations")
    users = pc.field("user_id").isin(pc.unique(events["user_id"]))
    shown = job.tables.read("recommendations", answered_days(events, published, job.ds), COLUMNS, users)
    found = answers(events, shown, in_force(event_days(events), published))
    feedback.write(job.ds, found)
    rows = metric_rows(judged_lists(job, judged, since))
    metrics.write(job.ds, rows)
    feedback.commit()
    metrics.commit()
    answering = len(found.group_by(["source", "event_id"]).aggregate([]))
    note = f"{answering:,} of {len(events):,} events answer a list; {len(rows)} metrics of the lists of {judged}"
    return Counts(len(events), len(found), note=note)


def arrived(job: Job) -> pa.Table:
    return job.tables.read("events", job.tables.require_days("events", job.ds, job.ds))


def days(job: Job) -> tuple[str, list[str]]:
    """The day whose lists are judged on D, and the days of arrival that judge them."""
    judged = day_before(job.ds, job.settings.training.horizon_days)
    return judged, days_between(day_before(judged, -1), job.ds)


def judged_lists(job: Job, judged: str, since: list[str]) -> Comparison:
    published = job.tables.read("recommendations", [judged])
    if not len(published):
        return []
    events = job.tables.read("events", job.tables.require_days("events", since[0], since[-1]))
    at = evening(job.tables, judged, job.settings, None)
    return judgement({"lsif": [published]}, at, events, job.settings, cuts_of(job.settings))


if __name__ == "__main__":
    run_job("join_feedback", __doc__, inputs, work, ("training", "interests", "lists"))
