"""Join what users did on D with what they were shown: feedback/D and metrics_daily/D.

    python jobs/join_feedback.py --ds 2017-11-07

feedback/D: recommendations of D-1 that their user acted on in the events of D. metrics_daily/D: the lists of
D - horizon_days against everything that arrived since, beside popularity and personal frequency; no rows where no list
was published on those days.
"""

from lsif.days import day_before, days_between
from lsif.evaluation.compare import Comparison
from lsif.evaluation.feedback import acted_on, metric_rows
from lsif.evaluation.judgement import CUTS, judgement
from lsif.features.evening import evening, evening_inputs
from lsif.job import Counts, Job, run_job


def inputs(job: Job) -> dict[str, str]:
    shown, judged, since = days(job)
    found = job.tables.fingerprints("events", since) | job.tables.fingerprints("recommendations", [shown, judged])
    published = judged in job.tables.days("recommendations")
    return found | (evening_inputs(job.tables, judged, job.settings) if published else {})


def work(job: Job) -> Counts:
    feedback, metrics = job.tables.writer("feedback"), job.tables.writer("metrics_daily")
    shown, judged, since = days(job)
    events = job.tables.read("events", job.tables.require_days("events", job.ds, job.ds))
    answers = acted_on(job.tables.read("recommendations", [shown]), events, job.ds)
    feedback.write(job.ds, answers)
    rows = metric_rows(judged_lists(job, judged, since))
    metrics.write(job.ds, rows)
    feedback.commit()
    metrics.commit()
    return Counts(len(events), len(answers), note=f"{len(rows)} metrics of the lists of {judged}")


def days(job: Job) -> tuple[str, str, list[str]]:
    """The day whose lists were shown on D, the one whose lists are judged, and the days of arrival that judge them."""
    judged = day_before(job.ds, job.settings.training.horizon_days)
    return day_before(job.ds), judged, days_between(day_before(judged, -1), job.ds)


def judged_lists(job: Job, judged: str, since: list[str]) -> Comparison:
    published = job.tables.read("recommendations", [judged])
    if not len(published):
        return []
    events = job.tables.read("events", job.tables.require_days("events", since[0], since[-1]))
    shortest = min(one.k for one in job.settings.lists.values())
    cuts = [k for k in CUTS if k <= shortest] or [shortest]
    return judgement({"lsif": published}, evening(job.tables, judged, job.settings, None), events, job.settings, cuts)


if __name__ == "__main__":
    run_job("join_feedback", __doc__, inputs, work, ("training", "interests", "lists"))
