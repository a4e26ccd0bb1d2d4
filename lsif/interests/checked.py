"""What a sample of the deliveries would become, rule by rule, before anything is stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lsif.config import Settings
from lsif.days import days_between
from lsif.errors import LsifError
from lsif.intake.damage import reading
from lsif.intake.mapping import Mapped, mapped
from lsif.intake.masking import Masking, masking
from lsif.intake.places import days_at
from lsif.interests.catalogue import judged_products
from lsif.interests.contract import EVENT, judged
from lsif.interests.delivery import delivery
from lsif.interests.ingest import arrival
from lsif.interests.listed import Listed
from lsif.interests.users import judged_users
from lsif.sources import Delivered, Source

EXAMPLES = 3
START_SECONDS, EVENT_SECONDS, USER_SECONDS = 40.0, 35e-6, 1e-4
"""CPU of a night: of its processes' start, of an event, of a user's list (docs/interests.md, docs/quality.md)."""


@dataclass
class Checked:
    """What is known of one door's sample.

    Attributes:
        mapping: rows of our column, their column, examples before and after.
        facts: what is worth telling, by name.
        rejected: rows of rule, count and examples.
        wrong: what has to be mended before a night can run.
    """

    name: str
    mapping: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def checked(spark: SparkSession, settings: Settings, ds: str | None, rows: int) -> Iterator[Checked]:
    """Sources, catalogue and users in turn, and then what they are together.

    Args:
        ds: the day to look at; by default the newest that there is of each.
        rows: most rows of a source that are looked at.

    Raises:
        LsifError: nothing is there to look at.
    """
    items, known, mask = None, None, masking(settings)
    if settings.catalogue:
        path = _path(settings, settings.catalogue, ds)
        found = judged_products(spark, settings.catalogue, path, settings.rules)
        items = found.rows["item_id"].to_pylist()
        yield _listed(spark, "catalogue", settings, settings.catalogue, path, found)
    if settings.users:
        path = _path(settings, settings.users, ds)
        found = judged_users(spark, settings.users, path, settings.rules, mask)
        yield _listed(spark, "users", settings, settings.users, path, found, mask)
    if items is not None:
        known = spark.createDataFrame([(item,) for item in items], "item_id string")
    for name, source in settings.sources.items():
        yield _source(spark, settings, name, source, ds, rows, known)


def _path(settings: Settings, given: Delivered, ds: str | None) -> str:
    return settings.locate(given.path, given.file_day(ds) if ds else _newest(settings, given))


def _newest(settings: Settings, given: Delivered) -> str:
    """The last day in the paths of the files that there are; any day where the path names none."""
    if not given.is_daily:
        return "1970-01-01"
    if not (days := days_at(settings.locate(given.path, None))):
        raise LsifError(f"nothing is there for any day at {settings.locate(given.path, None)}")
    return days[-1]


def _source(
    spark: SparkSession,
    settings: Settings,
    name: str,
    source: Source,
    ds: str | None,
    rows: int,
    items: DataFrame | None,
) -> Checked:
    path = _path(settings, source, ds)
    found = Checked(f"sources.{name}", mapping=_mapping(spark, f"sources.{name}", source, path, masking(settings)))
    with reading(spark, hides=settings.privacy.pseudonyms):
        sample = delivery(spark, name, source, {path: None}, rows, masking(settings)).persist()
        try:
            days = _days(sample, ds if source.is_daily else None)
            nothing = spark.createDataFrame([], "source string, event_id string, ds string")
            made = judged(sample, arrival(days), nothing, settings.event_types, settings.rules).persist()
            _after(found, sample, source)
            _tell(found, made, settings, days)
            if items is not None:
                _meet(found, made, items, settings.checks.min_match)
            made.unpersist()
        finally:
            sample.unpersist()
    return found


def _mapping(
    spark: SparkSession, door: str, given: Delivered, path: str, mask: Masking | None = None
) -> list[dict[str, Any]]:
    """Our columns, theirs, and the first values as they are delivered; not those that become pseudonyms."""
    part = next(mapped(spark, door, given, {path: None}, EXAMPLES, mask), None)
    if part is None:
        return []
    first = [row["row"].asDict() for row in part.rows.select("row").collect()[:EXAMPLES] if row["row"]]
    made = {field: " + ".join(names) for field, names in given.given.items()}
    told = [
        {"ours": ours, "theirs": theirs, "before": ", ".join(_before(part, first, given.given[ours]))}
        for ours, theirs in made.items()
    ]
    told += [{"ours": ours, "theirs": sql, "before": "(made)"} for ours, sql in given.expressions.items()]
    return told + [{"ours": ours, "theirs": "", "before": f"(always {text})"} for ours, text in given.constants.items()]


def _before(part: Mapped, rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[str]:
    if part.mask and any(map(part.mask.hides, names)):
        return ["(not shown)"]
    return [_one_line(" ".join(str(row.get(name)) for name in names)) for row in rows]


def _after(found: Checked, sample: DataFrame, source: Source) -> None:
    first = [row.asDict() for row in sample.limit(EXAMPLES).collect()]
    for line in found.mapping:
        line["after"] = ", ".join(_shown(row.get(line["ours"])) for row in first)


def _shown(value: Any) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else _one_line(str(value))


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())[:40]


def _days(sample: DataFrame, ds: str | None) -> list[str]:
    """The days on which the rows arrive: that of the file, or those of the events where a file is a whole log."""
    if ds:
        return [ds]
    ((first, last),) = sample.agg(F.to_date(F.min("event_time")), F.to_date(F.max("event_time"))).collect()
    return days_between(first.isoformat(), last.isoformat()) if first else ["1970-01-01"]


def _tell(found: Checked, made: DataFrame, settings: Settings, days: list[str]) -> None:
    good = made.where("rule is null and not duplicate")
    total, kept = made.count(), good.count()
    duplicates = made.where("duplicate").count()
    rejects = made.where("rule is not null").groupBy("rule")
    examples = F.slice(F.collect_list("raw"), 1, EXAMPLES).alias("examples")
    rejected = rejects.agg(F.count("*").alias("rows"), examples).orderBy(F.desc("rows"), "rule").collect()
    found.rejected = [
        {"rule": r["rule"], "rows": r["rows"], "examples": " | ".join(r["examples"])[:300]} for r in rejected
    ]
    found.facts |= {
        "rows": f"{total:,} looked at: {kept:,} in, {duplicates:,} duplicates, {total - kept - duplicates:,} rejected"
    }
    if not total:
        return
    if total - kept - duplicates > total * settings.checks.max_quarantined:
        worst = found.rejected[0]
        found.wrong.append(f"{found.name}: {worst['rows']:,} of {total:,} rows break the rule {worst['rule']}")
    if not kept:
        return
    _tell_events(found, good, settings, kept)


def _tell_events(found: Checked, good: DataFrame, settings: Settings, kept: int) -> None:
    distinct = [F.count_distinct(name).alias(name) for name in ("user_id", "item_id")]
    nulls = [F.count_if(F.col(name).isNull()).alias(f"no_{name}") for name in EVENT]
    (row,) = good.agg(
        F.min("event_time").alias("first"), F.max("event_time").alias("last"), *distinct, *nulls
    ).collect()
    hours = {r["hour"]: r["count"] for r in good.groupBy(F.hour("event_time").alias("hour")).count().collect()}
    types = good.groupBy("event_type").count().orderBy(F.desc("count")).collect()
    pairs = good.where("weight > 0 and item_id is not null").groupBy("user_id", "item_id").count()
    ((had, positive),) = pairs.agg(F.sum(F.col("count") - 1), F.sum("count")).collect()
    span = (row["last"].date() - row["first"].date()).days + 1
    horizon = settings.training.horizon_days
    least, a_day = 4 * horizon, kept / span
    enough = "enough to train" if span >= least else f"a training wants {least} days"
    seconds = START_SECONDS + EVENT_SECONDS * a_day + USER_SECONDS * row["user_id"]
    again = had / positive if positive else 0.0
    found.facts |= {
        "times (UTC)": f"{_shown(row['first'])} to {_shown(row['last'])}, {span:,} days; {enough}",
        "events by hour (UTC)": " ".join(f"{hour:02d}:{hours.get(hour, 0)}" for hour in range(24)),
        "event types": ", ".join(f"{r['event_type']} {r['count']:,}" for r in types),
        "users, items": f"{row['user_id']:,}, {row['item_id']:,}",
        "nothing in": ", ".join(f"{n} {row[f'no_{n}']:,}" for n in EVENT if row[f"no_{n}"]) or "no column",
        "repeats": f"{again:.0%} of events are of an item that the user had before",
        "a night": f"some {a_day:,.0f} events, {seconds:,.0f} CPU seconds",
    }


def _meet(found: Checked, made: DataFrame, items: DataFrame, least: float) -> None:
    named = made.where("rule is null and item_id is not null").select("item_id").distinct()
    there, known = named.count(), named.join(F.broadcast(items), "item_id", "left_semi").count()
    found.facts["items that the catalogue knows"] = f"{known:,} of {there:,}"
    if there and (not known or known < there * least):
        some = f"{known:,}" if known else "none"
        found.wrong.append(
            f"{found.name}: the catalogue knows {some} of its {there:,} items: are their ids written alike?"
        )


def _same_rows(found: Checked, given: Delivered, rows: pa.Table) -> list[dict[str, Any]]:
    """The rows of a list that the examples became: they are sorted by id by now."""
    (key,) = given.REQUIRED
    ids = [one for line in found.mapping if line["ours"] == key for one in line["before"].split(", ")]
    there = rows.filter(pc.is_in(rows[key], pa.array(ids, pa.string())))
    by_id = {row[key]: row for row in there.to_pylist()}
    return [by_id[one] for one in ids if one in by_id]


def _listed(
    spark: SparkSession,
    door: str,
    settings: Settings,
    given: Delivered,
    path: str,
    listed: Listed,
    mask: Masking | None = None,
) -> Checked:
    found = Checked(door, mapping=_mapping(spark, door, given, path, mask))
    shown = _same_rows(found, given, listed.rows) or listed.rows[:EXAMPLES].to_pylist()
    for line in found.mapping:
        line["after"] = ", ".join(_shown(row.get(line["ours"])) for row in shown)
    counts: dict[str, list[str]] = {}
    for row in listed.rejects.to_pylist():
        counts.setdefault(row["rule"], []).append(row["raw"])
    found.rejected = [
        {"rule": rule, "rows": len(raw), "examples": " | ".join(raw[:EXAMPLES])[:300]} for rule, raw in counts.items()
    ]
    kept = len(listed.rows)
    found.facts["rows"] = (
        f"{listed.rows_in:,}: {kept:,} in, {listed.repeated:,} repeated, {len(listed.rejects):,} rejected"
    )
    found.facts |= (
        {"cut or lost": ", ".join(f"{name} {count:,}" for name, count in listed.lost.items())} if listed.lost else {}
    )
    if len(listed.rejects) > listed.rows_in * settings.checks.max_quarantined:
        found.wrong.append(f"{door}: {len(listed.rejects):,} of {listed.rows_in:,} rows are rejected")
    return found
