"""How old what the lists are made of is: the model, the catalogue, and what each source brought."""

from datetime import UTC, date, datetime, timedelta

from lsif.days import day_before, days_between
from lsif.drift.ages import delivered
from lsif.engine import engine
from lsif.report.blocks import Block, Grid, Section, Tone, number, text
from lsif.report.night import Night, Row
from lsif.report.numbers import count
from lsif.report.texts.words import Words

LOOK_BACK = 14
"""Days in which a source that comes is seen."""
SOURCES = """
    SELECT coalesce(source, '') AS source, count(*) FILTER (ds = $ds) AS tonight,
           count(*) FILTER (ds = $week_before) AS week_before, max(ds) AS newest,
           max(event_time) FILTER (ds = $ds) AS last_event
    FROM events GROUP BY ALL ORDER BY source"""
QUERY = """SELECT source, ds, count(*) AS events, max(event_time) AS last_event FROM events
WHERE ds BETWEEN '{first}' AND '{ds}' GROUP BY ALL ORDER BY source, ds"""
CHECKS = {"age_model": "model_age_days", "age_items": "catalogue_age_days", "age_users": "users_age_days"}
"""What says how old each is, and whether that is too old."""
TABLES = {"age_items": "items", "age_users": "users"}
"""A delivery that equals the one in force is not stored again: the newest day of the table may be older than it."""


def freshness(night: Night, say: Words) -> Section:
    ages = _ages(night, say)
    sources = sources_of(night)
    late = [row["source"] or say("unnamed") for row in sources if not row["tonight"]]
    lead = say("fresh_late", sources=say.listed(late)) if late else say("fresh_lead" if sources else "fresh_none")
    blocks: list[Block] = [ages] if ages.rows else []
    blocks += [_sources(night, sources, say)] if sources else []
    first = day_before(night.ds, LOOK_BACK - 1)
    return Section("freshness", say("freshness"), lead, blocks, (QUERY.format(ds=night.ds, first=first),))


def sources_of(night: Night) -> list[Row]:
    """What each source brought tonight and a week before; a source that has brought nothing for long is not there."""
    days = days_between(day_before(night.ds, LOOK_BACK - 1), night.ds)
    there = [ds for ds in days if ds in night.tables.days("events", days[0], days[-1])]
    with engine() as sql:
        sql.execute("SET TimeZone = 'UTC'")
        # Named columns alone are read: a filter on days becomes one on files.
        sql.register("events", night.tables.scan("events", there).scanner(columns=["ds", "source", "event_time"]))
        found = sql.sql(SOURCES, params={"ds": night.ds, "week_before": day_before(night.ds, 7)})
        rows: list[Row] = found.to_arrow_table().to_pylist()
        return rows


def _ages(night: Night, say: Words) -> Grid:
    rows = []
    for name, check in CHECKS.items():
        if day := _as_of(night, name):
            age = (date.fromisoformat(night.ds) - date.fromisoformat(day)).days
            too_old = any(row["check"] == check and row["verdict"] != "pass" for row in night.checks)
            tone: Tone = "warn" if too_old else "plain"
            rows.append([text(say(name)), text(day), number(say("days", n=age), tone)])
    return Grid(say("fresh_ages"), [say("what"), say("as_of"), say("age")], rows)


def _as_of(night: Night, name: str) -> str | None:
    """By the check of that age, else, where the night has none, by what the check would be of."""
    found = [row["value"] for row in night.checks if row["check"] == CHECKS[name] and row["value"] is not None]
    if found:
        return day_before(night.ds, int(found[0]))
    if name == "age_model":
        return night.model.tags.get("trained_through") if night.model else None
    return delivered(night.tables, TABLES[name], night.ds)


def _sources(night: Night, sources: list[Row], say: Words) -> Grid:
    columns = [say(name) for name in ("source", "col_tonight", "col_week_before", "col_last_event")]
    rows = [
        [
            text(row["source"] or say("unnamed")),
            number(count(row["tonight"]), "plain" if row["tonight"] else "bad"),
            number(count(row["week_before"])),
            text(_behind(night, row, say), "plain" if row["tonight"] else "bad"),
        ]
        for row in sources
    ]
    return Grid(say("fresh_sources"), columns, rows)


def _behind(night: Night, row: Row, say: Words) -> str:
    """How long before the day's end the newest event happened."""
    if row["last_event"] is None:
        return say("nothing_since", day=row["newest"])
    end = datetime.fromisoformat(night.ds).replace(tzinfo=UTC) + timedelta(days=1)
    hours = (end - row["last_event"]).total_seconds() / 3600
    return say("hours_before", n=f"{max(hours, 0):.1f}")
