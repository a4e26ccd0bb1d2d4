"""Join what users did with what they were shown: feedback/D and metrics_daily/D.

    python jobs/join_feedback.py --ds 2017-11-07

feedback/D: the events that arrived on D and show or answer a recommendation, each with the day of its list: what comes
late counts for the list that was seen, and no earlier day of feedback is made again.
metrics_daily/D: how many of them met a list; what came of the exposures that arrived on D - window_days; and the lists
of D - horizon_days against everything that arrived since, beside popularity and personal frequency; and how the lists
of D differ from those of the nights before, from each other and from the catalogue, which nobody needs to click for. No
rows where nothing was shown, or no list was published, on that day. And of how many tested rows of D the evidence held.
"""

import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before, days_between
from lsif.evaluation.change import Nights, fresh_items, last_nights, night_rows
from lsif.evaluation.compare import Comparison
from lsif.evaluation.feedback import ANY_LIST, evidence_rows, metric_rows
from lsif.evaluation.judgement import cuts_of, judgement
from lsif.evaluation.steps import SECTIONS, feedback_inputs, rates_at, store_feedback
from lsif.features.evening import evening, evening_inputs
from lsif.interests.as_of import catalogue_at, catalogue_inputs
from lsif.job import Counts, Job, run_job
from lsif.ranking.popular import available_items
from lsif.ranking.tally import Tally
from lsif.tables.write import Staged

DONE = ("user_id", "item_id", "event_type", "event_time", "weight")
"""Columns of the events that lists are judged by."""


def inputs(job: Job) -> dict[str, str]:
    judged, since = days(job)
    found = feedback_inputs(job.tables, job.ds, job.settings)
    found |= job.tables.fingerprints("events", since) | job.tables.fingerprints("recommendations", [judged])
    found |= job.tables.fingerprints("recommendations", last_nights(job.ds)) | catalogue_inputs(job.tables, job.ds)
    published = job.tables.days("recommendations", judged, judged)
    if published_from := published_as(job):
        found[published_from.name] = published_from.identity
    return found | (evening_inputs(job.tables, judged, job.settings) if published else {})


def work(job: Job) -> Counts:
    feedback, metrics = job.tables.writer("feedback"), job.tables.writer("metrics_daily")
    judged, since = days(job)
    met = store_feedback(job.tables, job.ds, job.settings, feedback)
    shown, gap = rates_at(job.tables, job.ds, job.settings)
    compared = metric_rows(judged_lists(job, judged, since))
    of_night = [tonight(job), evidence_rows(evidence_tests(job))]
    metrics.write(job.ds, pa.concat_tables([met, shown, compared, *of_night]))
    metrics.commit()
    events, out = (job.tables.rows(name, job.ds, job.ds)[job.ds] for name in ("events", "feedback"))
    answering = met.filter((pc.field("list") == ANY_LIST) & (pc.field("metric") == "matched"))
    note = f"{pc.sum(answering['n']).as_py() or 0:,} of {events:,} events answer a list"
    measured = f"{len(shown)} rates; {len(compared)} metrics of the lists of {judged}"
    return Counts(events, out, note="; ".join(filter(None, [note, measured, gap])))


def days(job: Job) -> tuple[str, list[str]]:
    """The day whose lists are judged on D, and the days of arrival that judge them."""
    judged = day_before(job.ds, job.settings.training.horizon_days)
    return judged, days_between(day_before(judged, -1), job.ds)


def judged_lists(job: Job, judged: str, since: list[str]) -> Comparison:
    if judged not in job.tables.days("recommendations"):
        return []
    parts = job.tables.row_groups("recommendations", judged, ("list", "user_id", "rank", "item_id"))
    reached = job.tables.require_days("events", since[0], since[-1])
    events = job.tables.read("events", reached, DONE, pc.field("weight") > 0)
    at = evening(job.tables, judged, job.settings, None)
    return judgement({"lsif": parts}, at, events, job.settings, cuts_of(job.settings))


def tonight(job: Job) -> pa.Table:
    """What can be said of the lists of D before anybody has clicked."""
    if job.ds not in job.tables.days("recommendations"):
        return metric_rows([])
    days, catalogue = last_nights(job.ds), catalogue_at(job.tables, job.ds)
    items = fresh_items(catalogue, available_items(catalogue), job.ds, job.settings.interests.recent_days)
    before = job.tables.newest_day("recommendations", day_before(job.ds))
    shown = job.tables.scan("recommendations", days)
    nights = Nights(job.ds, before if before in days else None, shown, items)
    return night_rows(nights, cuts_of(job.settings))


def published_as(job: Job) -> Staged | None:
    """What was staged for D, where it is what was published."""
    line = job.last_success("publish_recommendations")
    if line is None or not job.tables.days("recommendations", job.ds, job.ds):
        return None
    staged = job.tables.staged("recommendations", job.ds)
    return staged if line["inputs"].get(staged.name) == staged.identity else None


def evidence_tests(job: Job) -> dict[str, tuple[int, int]]:
    staged = published_as(job)
    return Tally.of(staged.notes).tests if staged else {}


if __name__ == "__main__":
    run_job("join_feedback", __doc__, inputs, work, {"training", "interests", "lists", *SECTIONS})
