"""What a night says of published lists: of its own before anybody has clicked, of older ones by what was done since."""

import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before, days_between
from lsif.evaluation.by_group import OfGroup, by_group
from lsif.evaluation.change import Nights, fresh_items, last_nights, night_rows
from lsif.evaluation.compare import Comparison, compared
from lsif.evaluation.fairness import fairness_inputs, groups_at, shown_rows
from lsif.evaluation.feedback import evidence_rows, metric_rows
from lsif.evaluation.gate import LSIF
from lsif.evaluation.judgement import cuts_of, judged_by_list
from lsif.features.evening import evening, evening_inputs
from lsif.interests.as_of import catalogue_at, catalogue_inputs
from lsif.job import Job
from lsif.ranking.popular import available_items
from lsif.ranking.tally import Tally
from lsif.tables import Staged

DONE = ("user_id", "item_id", "event_type", "event_time", "weight")
"""Columns of the events that lists are judged by."""


def published_inputs(job: Job) -> dict[str, str]:
    """Fingerprints of all that `judged_lists`, `tonight` and `evidence_held` read."""
    judged, since = days(job)
    found = job.tables.fingerprints("events", since) | job.tables.fingerprints("recommendations", [judged])
    found |= job.tables.fingerprints("recommendations", last_nights(job.ds)) | catalogue_inputs(job.tables, job.ds)
    if published_from := published_as(job):
        found[published_from.name] = published_from.identity
    if job.tables.days("recommendations", job.ds, job.ds):
        found |= fairness_inputs(job.tables, job.ds, job.settings)
    published = job.tables.days("recommendations", judged, judged)
    if published:
        found |= evening_inputs(job.tables, judged, job.settings) | fairness_inputs(job.tables, judged, job.settings)
    return found


def days(job: Job) -> tuple[str, list[str]]:
    """The day whose lists are judged on D, and the days of arrival that judge them."""
    judged = day_before(job.ds, job.settings.training.horizon_days)
    return judged, days_between(day_before(judged, -1), job.ds)


def judged_lists(job: Job) -> tuple[Comparison, list[OfGroup]]:
    """The lists of the day that is judged on D against everything that arrived since, and that by group of users."""
    judged, since = days(job)
    if judged not in job.tables.days("recommendations"):
        return [], []
    parts = job.tables.row_groups("recommendations", judged, ("list", "user_id", "rank", "item_id"))
    reached = job.tables.require_days("events", since[0], since[-1])
    events = job.tables.read("events", reached, DONE, pc.field("weight") > 0)
    at = evening(job.tables, judged, job.settings, None)
    cuts, active = cuts_of(job.settings), pc.unique(events["user_id"]).drop_null().to_pylist()
    groups = groups_at(job.tables, judged, job.settings, active)
    found: Comparison = []
    by: list[OfGroup] = []
    for name, marks in judged_by_list({LSIF: parts}, at, events, job.settings, max(cuts)):
        found += compared(name, marks, cuts, job.settings.training.seed)
        by += by_group(name, marks[LSIF], None, cuts[0], groups)
    return found, by


def tonight(job: Job) -> pa.Table:
    """What can be said of the lists of D before anybody has clicked."""
    if job.ds not in job.tables.days("recommendations"):
        return metric_rows([])
    days, catalogue = last_nights(job.ds), catalogue_at(job.tables, job.ds)
    items = fresh_items(catalogue, available_items(catalogue), job.ds, job.settings.interests.recent_days)
    before = job.tables.newest_day("recommendations", day_before(job.ds))
    shown = job.tables.scan("recommendations", days)
    nights = Nights(job.ds, before if before in days else None, shown, items)
    fair = shown_rows(job.tables, job.ds, job.settings, job.tables.scan("recommendations", [job.ds]))
    return pa.concat_tables([night_rows(nights, cuts_of(job.settings)), fair])


def published_as(job: Job) -> Staged | None:
    """What was staged for D, where it is what was published."""
    line = job.last_success("publish_recommendations")
    if line is None or not job.tables.days("recommendations", job.ds, job.ds):
        return None
    staged = job.tables.staged("recommendations", job.ds)
    return staged if line["inputs"].get(staged.name) == staged.identity else None


def evidence_held(job: Job) -> pa.Table:
    """For how many rows of D evidence held, by list."""
    staged = published_as(job)
    return evidence_rows(Tally.of(staged.notes).tests if staged else {})
