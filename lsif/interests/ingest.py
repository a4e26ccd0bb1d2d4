"""Deliveries into the tables `events` and `quarantine`: a night's files, or a log's whole past in one go."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from functools import reduce

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lsif.config import Settings
from lsif.days import day_before
from lsif.errors import LsifError
from lsif.intake.damage import reading
from lsif.intake.files import delivered_files, identity
from lsif.intake.lines import parts_of, told
from lsif.intake.mapping import lacking, unfolds
from lsif.intake.masking import Masking, masking
from lsif.intake.places import NothingDelivered
from lsif.interests.bounds import EXAMPLES, Hold, Ingested, delivery_checks, mending, shown
from lsif.interests.contract import accepted, judged, rejected
from lsif.interests.delivery import delivery
from lsif.interests.erased_rows import remark, without_erased
from lsif.interests.paths import source_paths
from lsif.interests.quarantine import LISTS, replace_rejects
from lsif.privacy.erased import left_out
from lsif.privacy.lines import add_lines, unknown
from lsif.privacy.pseudonym import SEALED, USER
from lsif.tables import Tables, Writer


def check_daily(settings: Settings) -> None:
    """Refuse, for a night, a source that is one file for all days: nearly all of it would be late or known."""
    for name, source in settings.sources.items():
        if not source.is_daily:
            raise LsifError(
                f"sources.{name}.path names no day ({{ds}}, or {{yyyy}}, {{mm}} and {{dd}}), so only import_past can "
                f"read it: {source.path}"
            )


def delivery_marks(settings: Settings, days: Iterable[str]) -> dict[str, str]:
    """Identity of every delivered file of `days`.

    Raises:
        NothingDelivered: names every place where something is missing.
        LsifError: as `delivered_files`.
    """
    marks, missing = {}, []
    for name, paths in source_paths(settings, days).items():
        source = settings.sources[name]
        for path in paths:
            try:
                files = delivered_files(source, path)
            except NothingDelivered as gap:
                missing += gap.paths
            else:
                marks[path] = " ".join(identity(file.path) for file in files)
    if missing:
        raise NothingDelivered(missing, " (a day without events is declared by an empty file <path>.empty)")
    return marks


def known_days(tables: Tables, first: str, max_late_days: int) -> list[str]:
    """Days before `first` whose event ids a delivery is held against."""
    return tables.days("events", day_before(first, max_late_days), day_before(first))


def ingest(spark: SparkSession, tables: Tables, settings: Settings, days: list[str], holding: Hold) -> Ingested:
    """Judge what was delivered for `days` and replace those days of `events` and `quarantine`; nights, one or many.

    Args:
        holding: holds the delivery's checks against a person's word and keeps their verdicts.

    Raises:
        LsifError: a file is missing or not to be trusted, or a row was lost or doubled on the way; nothing is written.
            Or a check failed: then only the rejected rows are, for somebody to look at.
    """
    writer = tables.writer("events")
    users = left_out(tables)
    mask = masking(settings, users.key if users else None)
    delivered, erased = without_erased(_delivered(spark, settings, days, mask), users)
    known_at = known_days(tables, days[0], settings.rules.max_late_days)
    known = tables.frame(spark, "events", known_at, ["source", "event_id", "ds"]) if known_at else None
    known = None if known is None else _of_a_source(known, list(settings.sources))
    with reading(spark, hides=mask is not None), _kept() as keep:
        judgements = judged(delivered, arrival(days), known, settings.event_types, settings.rules, keep, days[0])
        found, rejecting = _found(delivered, judgements, any(map(unfolds, settings.sources.values())))
        writer.write_frame(accepted(judgements), days, found.events)
        held = holding(delivery_checks(tables, settings, days, found, writer))
        if held.failures:
            writer.discard()
        else:
            if mask:
                _keep_way_back(tables, mask, delivered, writer, days)
            writer.commit()
        _quarantine(tables, days, rejecting, _told(spark, settings, days, judgements, found), found.quarantined)
        if held.failures:
            raise held.stop(_examples(found.rules, rejected(judgements)), mending(found.rules))
        remarks = "; ".join(filter(None, [held.remarks, remark(erased)])) or None
        return replace(found, lacking=_lacking(settings, days), remarks=remarks)


def _of_a_source(known: DataFrame, sources: list[str]) -> DataFrame:
    """Events of days that were written before ids belonged to a source are known to each of them."""
    own = F.when(F.col("source").isNotNull(), F.array("source")).otherwise(F.array(*map(F.lit, sources)))
    return known.withColumn("source", F.explode(own))


def _lacking(settings: Settings, days: list[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, paths in source_paths(settings, days).items():
        source = settings.sources[name]
        if source.may_lack & set(source.given) and not source.is_json:
            files = [file for path in paths for file in delivered_files(source, path)]
            said |= {f"{name}.{f}": f"{n:,} of {len(files):,} files" for f, n in lacking(source, files).items()}
    return said


@contextmanager
def _kept() -> Iterator[Callable[[DataFrame], DataFrame]]:
    """Persists frames until the end of the block, on the disk.

    Spark unrolls a partition in memory before it keeps it there, and what it unrolls no other task can have: of a past
    in few large files, two partitions leave the tasks none.
    """
    with ExitStack() as frames:

        def keep(frame: DataFrame) -> DataFrame:
            frames.callback(frame.unpersist)
            return frame.persist(StorageLevel.DISK_ONLY)

        yield keep


def arrival(days: list[str]) -> Column:
    """The day of arrival of a delivered row (a date), one of `days`: the one that its file's path names.

    A log that is one file knows no arrivals: each of its events arrived on its UTC day; what lies outside `days`, on
    their last.
    """
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    day = F.to_date("event_time")
    return F.coalesce("file_day", F.when(day.between(first, last), day).otherwise(F.lit(last)))


def _keep_way_back(tables: Tables, mask: Masking, delivered: DataFrame, writer: Writer, days: list[str]) -> None:
    """A line for every user who is new, on the last of `days`; on a night without one, nothing is read again."""
    new = unknown(tables, writer.written_rows(set(days), [USER])[USER])
    if not len(new):
        return
    names = delivered.sparkSession.createDataFrame(pa.table({USER: new}))
    # Sealed before Spark sorts anything: what it writes aside on its way holds no id.
    sealed = delivered.select(USER, SEALED).join(F.broadcast(names), USER, "left_semi")
    add_lines(tables, mask.key, days[-1], sealed.groupBy(USER).agg(F.min(SEALED).alias(SEALED)).toArrow())


def _delivered(spark: SparkSession, settings: Settings, days: list[str], mask: Masking | None) -> DataFrame:
    paths = source_paths(settings, days)
    if taken := sorted(paths.keys() & set(LISTS)):
        raise LsifError(f"a source may not be named {taken[0]}: rejected rows would mix with those of the {taken[0]}")
    parts = [delivery(spark, name, settings.sources[name], paths[name], mask=mask) for name in paths]
    return reduce(DataFrame.unionByName, parts)


def _found(delivered: DataFrame, judgements: DataFrame, some_unfold: bool) -> tuple[Ingested, list[str]]:
    """What became of the rows, and the days that have rejected ones."""
    # A count of its own, of lines or of rows in footers: nothing that may lose a row in judging stands between.
    lines = F.count_if("first") if some_unfold else F.lit(None)
    ((rows_in, before),) = delivered.agg(F.count("*"), lines).collect()
    verdicts = judgements.groupBy("ds", "rule", "duplicate", "lost").count().collect()
    rules: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for row in verdicts:
        if row["rule"]:
            rules[row["rule"]] += row["count"]
        elif not row["duplicate"]:
            lost.update(dict.fromkeys(row["lost"], row["count"]))
    duplicates = sum(row["count"] for row in verdicts if row["duplicate"])
    events = sum(row["count"] for row in verdicts if not row["rule"] and not row["duplicate"])
    empty = {row["ds"] for row in verdicts} - {row["ds"] for row in verdicts if not row["rule"]}
    found = Ingested(rows_in, events, duplicates, dict(rules), dict(lost), before, emptied=tuple(sorted(empty)))
    if found.rows_in != found.events + found.duplicates + found.quarantined:
        raise LsifError(f"rows do not add up, so nothing was written: {found}")
    return found, sorted({row["ds"] for row in verdicts if row["rule"]})


def _examples(rules: dict[str, int], rejected: DataFrame) -> str:
    """Rejected rows for a line: of the rules broken most often."""
    most = sorted(rules, key=lambda rule: (-rules[rule], rule))[:EXAMPLES]
    each = -(-EXAMPLES // max(1, len(most)))
    rows = [row for rule in most for row in rejected.where(F.col("rule") == rule).limit(each).collect()][:EXAMPLES]
    return shown([(row["rule"], row["raw"]) for row in rows])


def _told(
    spark: SparkSession, settings: Settings, days: list[str], judgements: DataFrame, found: Ingested
) -> DataFrame:
    """Rejected rows with their files and lines, sorted; nothing is counted where there are none."""
    named = source_paths(settings, days).items() if found.quarantined else ()
    parts = [part for name, paths in named for part in parts_of(spark, settings.sources[name], paths)]
    rows = told(rejected(judgements), parts, str(settings.home)).hint("rebalance", "ds")
    return rows.sortWithinPartitions("ds", "rule", "source", "raw", "file", "line")


def _quarantine(tables: Tables, days: list[str], rejecting: list[str], rows: DataFrame, count: int) -> None:
    """Replace the days that have rejected rows, or had some: a past of years need not have a file for each day."""
    had = tables.days("quarantine", days[0], days[-1])
    touched = sorted({*rejecting, *had, days[-1]})
    nothing = tables.schema("quarantine").empty_table()

    def write(writer: Writer) -> None:
        if rejecting:
            writer.write_frame(rows, touched, count)
        else:  # no need to ask Spark
            for ds in touched:
                writer.write(ds, nothing)

    replace_rejects(tables, touched, of=None, write=write)
