"""The contract of the events table: a delivered row is accepted, a duplicate, or rejected by the first rule it breaks.

    rows delivered = events + duplicates + quarantined, exactly

Rules, in the order in which they are asked:

| rule               | a row breaks it when                                                                            |
|--------------------|-------------------------------------------------------------------------------------------------|
| `unreadable`       | its line is no CSV or JSON row of the source's columns, or no text in its encoding              |
| `missing_id`       | user, item or a declared event id is blank (a row with a search query needs no item)            |
| `bad_id`           | one of its ids is an object, a list, a truth value or a fraction, or holds a sign nobody sees   |
| `unparseable_time` | no time can be read from it                                                                     |
| `future`           | its UTC day is after the day of arrival                                                         |
| `before_start`     | it lies in a file that names no day, and its UTC day is before the first that is imported       |
| `too_late`         | its UTC day is before the day of arrival less `max_late_days`                                   |
| `unknown_type`     | its event type is not configured                                                                |
| `bad_number`       | its weight is no number, not finite, or negative                                                |
| `refund`           | its value is negative, and the source says `refunds = "quarantine"`                             |
| `long_text`        | one of its ids is longer than `max_text` characters                                             |
| `too_many`         | it comes after the first `max_user_events_per_day` of its user that day, in order of time;      |
|                    | impressions neither do nor count                                                                |

What is optional costs no row: a value that is no number, and a text that is none, are lost; a long query is cut. Such
rows are events, and what they lost is counted.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lsif.bounds import Rules
from lsif.interests.delivery import IDS, WORDS
from lsif.interests.duplicates import FEW, ids_twice, with_duplicates, with_twice
from lsif.outcomes import IMPRESSION

SAID = ("user_id", "item_id", "event_type", "event_time", "weight", "value", "query", "recommendation_id", "list")
EVENT = ("event_id", *SAID, "source")


def judged(
    delivered: DataFrame,
    arrival: Column,
    known_ids: DataFrame | None,
    event_types: dict[str, float],
    rules: Rules,
    keep: Callable[[DataFrame], DataFrame] = lambda frame: frame,
    begins: str = "",
) -> DataFrame:
    """Delivered rows with their verdict: `ds`, `rule` (null when none is broken) and `duplicate`.

    Looks twice at the rows before it answers: which ids come twice, and who may have flooded a day. Only those rows are
    sorted to be judged, which on a clean day is none.

    Args:
        delivered: columns `delivery.DELIVERED`.
        arrival: the day (a date) on which a row arrived.
        known_ids: `source`, `event_id` and `ds` (text) of the events stored for the `max_late_days` days before, None
            where there are none: Spark would sort all ids to find that out.
        event_types: event type = weight; a row's own weight multiplies it.
        keep: called with each frame that is read several times, to persist it; it must not change its rows.
        begins: the first day that is taken in.
    """
    kept = _shortened(delivered, rules.max_text)
    ruled = _completed(kept.withColumn("rule", _first_broken(arrival, event_types, rules, begins)), event_types)
    ruled = ruled.withColumn("ds", F.date_format(arrival, "yyyy-MM-dd"))
    rows = keep(_with_raw_of(ruled, F.col("rule").isNotNull()))
    if floods := _may_flood(rows, rules.max_user_events_per_day):
        rows = keep(_with_raw_of(ruled, F.col("rule").isNotNull() | F.col("user_id").isin(floods)))
    columns = (*EVENT, "ds", "rule", "duplicate", "raw", "place", "lost")
    twice = keep(ids_twice(rows, known_ids))
    repeated = twice.limit(FEW + 1).count()
    if not floods and not repeated:  # an ordinary day, which Spark need not plan a sorting for
        return rows.withColumn("duplicate", F.lit(False)).select(*columns)
    twice = F.broadcast(twice) if repeated <= FEW else twice
    doubtful = F.col("user_id").isin(floods) | F.col("twice").isNotNull()
    rows = with_twice(rows, twice).withColumn("doubtful", F.col("rule").isNull() & doubtful)
    clear = rows.where(~F.col("doubtful")).withColumn("duplicate", F.lit(False))
    known = None if known_ids is None else with_twice(known_ids, twice).where(F.col("twice").isNotNull())
    sorted_out = with_duplicates(rows.where("doubtful"), known, rules.max_late_days)
    sorted_out = sorted_out.withColumn("rule", _flood(rules.max_user_events_per_day))
    return clear.select(*columns).unionByName(keep(sorted_out.select(*columns)))


def accepted(judgements: DataFrame) -> DataFrame:
    """Rows of the table `events`, sorted within their day by user and time."""
    rows = judgements.where(F.col("rule").isNull() & ~F.col("duplicate")).select(*EVENT, "ds")
    return rows.hint("rebalance", "ds").sortWithinPartitions("ds", "user_id", "event_time", "event_id")


def rejected(judgements: DataFrame) -> DataFrame:
    """Rows of the table `quarantine`, with their `place` instead of file and line."""
    return judgements.where(F.col("rule").isNotNull()).select("rule", "source", "raw", "place", "ds")


def _shortened(rows: DataFrame, most: int) -> DataFrame:
    """Optional texts that are too long: a query is cut, a name of a recommendation or of a list is none."""
    too_long = [F.when(F.length(text) > most, F.lit(text)) for text in WORDS]
    names = {name: F.when(F.length(name) <= most, F.col(name)) for name in ("recommendation_id", "list")}
    lost = F.array_union("lost", F.array_compact(F.array(*too_long)))
    return rows.withColumns({"query": F.left("query", F.lit(most)), **names, "lost": lost})


def _first_broken(arrival: Column, event_types: dict[str, float], rules: Rules, begins: str) -> Column:
    day = F.to_date("event_time")
    no_item = F.col("item_id").isNull() & F.col("query").isNull()
    broken = {
        "unreadable": ~F.col("readable"),
        "missing_id": F.col("user_id").isNull() | no_item | F.col("lacks_id"),
        "bad_id": F.col("bad_id"),
        "unparseable_time": F.col("event_time").isNull(),
        "future": day > arrival,
        "before_start": F.col("file_day").isNull() & (F.date_format(day, "yyyy-MM-dd") < begins),
        "too_late": day < F.date_sub(arrival, rules.max_late_days),
        "unknown_type": ~F.coalesce(F.col("event_type").isin(*event_types), F.lit(False)),
        "bad_number": F.col("bad_number"),
        "refund": F.col("refund"),
        "long_text": F.greatest(*(F.coalesce(F.length(text), F.lit(0)) for text in IDS)) > rules.max_text,
    }
    return F.coalesce(*(F.when(is_broken, F.lit(rule)) for rule, is_broken in broken.items()))


def _completed(rows: DataFrame, event_types: dict[str, float]) -> DataFrame:
    """With the weight of the type, and an event id where the source has none: a hash of the row in our columns.

    Two equal rows of such a source are then one event; a shop that sells the same thing twice in a second needs ids.
    """
    weights = F.create_map(*(F.lit(part) for pair in event_types.items() for part in pair))
    hashed = F.sha2(F.to_json(F.struct("source", *SAID)), 256)
    weight = F.try_element_at(weights, F.coalesce("event_type", F.lit(""))) * F.coalesce("weight", F.lit(1.0))
    return rows.withColumns({"event_id": F.coalesce("event_id", hashed), "weight": weight})


def _with_raw_of(rows: DataFrame, rejected: Column) -> DataFrame:
    """The row as delivered, and where, only where they may be wanted: longer than all the rest, and dear to make."""
    wanted = (F.when(rejected, F.col(name)).alias(name) for name in ("raw", "place"))
    return rows.select(*EVENT, "ds", "rule", *wanted, "lost")


def _may_flood(rows: DataFrame, most: int) -> list[str]:
    """Users with more events on one day than `most`, duplicates included."""
    counts = rows.where(F.col("rule").isNull() & _done_by_users()).groupBy("ds", "user_id").count()
    return [row.user_id for row in counts.where(F.col("count") > most).select("user_id").distinct().collect()]


def _flood(most: int) -> Column:
    """The rule `too_many`; neither duplicates count nor impressions."""
    counting = ~F.col("duplicate") & _done_by_users()
    in_order = Window.partitionBy("ds", "user_id", counting).orderBy("event_time", "event_id")
    return F.when(counting & (F.row_number().over(in_order) > most), F.lit("too_many"))


def _done_by_users() -> Column:
    """Whether it is something that a user did, and not only saw."""
    return F.col("event_type") != IMPRESSION
