"""What a night makes of what was shown and done: what it reads for that, and what it stores."""

import pyarrow as pa

from lsif.config import Settings
from lsif.days import days_between
from lsif.engine import engine
from lsif.evaluation.feedback import METRICS, Answers, list_days
from lsif.evaluation.rates import feedback_days, rates
from lsif.interests.as_of import in_force_inputs
from lsif.outcomes import Asked, asked
from lsif.tables import Tables, Writer

SECTIONS = ("feedback", "event_types", "training")


def feedback_inputs(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    """Fingerprints of all that `store_feedback` and `rates_at` read, but for what the first makes for the second."""
    _, reached = feedback_days(ds, settings.feedback.window_days)
    found = tables.fingerprints("events", [ds]) | tables.fingerprints("feedback", reached[:-1])
    found |= tables.fingerprints("recommendations", answerable(tables, ds, settings))
    return found | in_force_inputs(tables, "items", ds) | in_force_inputs(tables, "users", ds)


def answerable(tables: Tables, ds: str, settings: Settings) -> list[str]:
    """Days of lists that what arrived on `ds` may answer.

    Raises:
        MissingDays: there are no events of that day.
    """
    moments = tables.read("events", tables.require_days("events", ds, ds), ["event_time"])
    return list_days(moments, ds, settings.feedback.window_days)


def store_feedback(tables: Tables, ds: str, settings: Settings, writer: Writer) -> pa.Table:
    """Write and commit the day; returns rows of `metrics_daily` that count what met a list and what did not."""
    how = asked_of(settings)
    events, lists = tables.scan("events", [ds]), tables.scan("recommendations", answerable(tables, ds, settings))
    with engine() as sql:
        found = Answers(sql, events, lists, how.types, how.window_days)
        writer.write(ds, found.rows())
        writer.commit()
        return found.counts()


def rates_at(tables: Tables, ds: str, settings: Settings) -> tuple[pa.Table, str | None]:
    """Rows of `metrics_daily` of the day that is judged on `ds`; or none, and which days of feedback are missing."""
    how = asked_of(settings)
    judged, reached = feedback_days(ds, how.window_days)
    there = set(tables.days("feedback"))
    if judged not in there:
        return METRICS.empty_table(), None
    if missing := [day for day in days_between(judged, ds) if day not in there]:
        return METRICS.empty_table(), f"no rates of {judged}: feedback lacks {', '.join(missing)}"
    lists = {name: tables.newest_day(name, ds) for name in ("items", "users")}
    items, users = (tables.scan(name, [day] if day else []) for name, day in lists.items())
    with engine() as sql:
        return rates(sql, tables.scan("feedback", reached), items, users, how, judged), None


def asked_of(settings: Settings) -> Asked:
    """What these settings count as answers."""
    return asked(settings.feedback, settings.event_types, settings.training.targets)
