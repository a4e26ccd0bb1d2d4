"""The contract of the events table: a delivered row is accepted, a duplicate, or rejected by the first rule it breaks.

    rows delivered = events + duplicates + quarantined, exactly

Rules, in the order in which they are asked:

| rule               | a row breaks it when                                                                            |
|--------------------|-------------------------------------------------------------------------------------------------|
| `unreadable`       | its line is no CSV or JSON row of the source's columns, or no UTF-8                             |
| `missing_id`       | user, item or a declared event id is blank (a row with a search query needs no item)            |
| `unparseable_time` | no time can be read from it                                                                     |
| `future`           | its UTC day is after the day of arrival                                                         |
| `too_late`         | its UTC day is before the day of arrival less `max_late_days`                                   |
| `unknown_type`     | its event type is not configured                                                                |
| `bad_number`       | its weight or value is no number, not finite, or negative                                       |
| `long_text`        | one of its texts is longer than `max_text` characters                                           |
| `too_many`         | it comes after the first `max_user_events_per_day` of its user that day, in order of time |
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lsif.config import Rules
from lsif.interests.delivery import TEXTS
from lsif.interests.duplicates import with_duplicates

EVENT = ("event_id", "user_id", "item_id", "event_type", "event_time", "weight", "value", "query", "recommendation_id")


def judged(
    delivered: DataFrame, arrival: Column, known_ids: DataFrame, event_types: dict[str, float], rules: Rules
) -> DataFrame:
    """Delivered rows with their verdict: `ds`, `rule` (null when none is broken) and `duplicate`.

    Args:
        delivered: columns `delivery.DELIVERED`.
        arrival: the day (a date) on which a row arrived.
        known_ids: `event_id` and `ds` (text) of the events stored for the `max_late_days` days before.
        event_types: event type = weight; a row's own weight multiplies it.
    """
    rows = _completed(delivered.withColumn("rule", _first_broken(arrival, event_types, rules)), event_types)
    rows = rows.withColumn("ds", F.date_format(arrival, "yyyy-MM-dd"))
    rows = with_duplicates(rows, known_ids, rules.max_late_days)
    rows = rows.withColumn("rule", F.coalesce("rule", _flood(rules.max_user_events_per_day)))
    return rows.select(*EVENT, "ds", "rule", "duplicate", "source", _if_rejected(F.col("raw")).alias("raw"))


def accepted(judgements: DataFrame) -> DataFrame:
    """Rows of the table `events`, sorted within their day by user and time."""
    rows = judgements.where(F.col("rule").isNull() & ~F.col("duplicate")).select(*EVENT, "ds")
    return rows.hint("rebalance", "ds").sortWithinPartitions("ds", "user_id", "event_time", "event_id")


def rejected(judgements: DataFrame) -> DataFrame:
    """Rows of the table `quarantine`."""
    rows = judgements.where(F.col("rule").isNotNull()).select("rule", "source", "raw", "ds")
    return rows.hint("rebalance", "ds").sortWithinPartitions("ds", "rule", "source", "raw")


def _first_broken(arrival: Column, event_types: dict[str, float], rules: Rules) -> Column:
    day = F.to_date("event_time")
    no_item = F.col("item_id").isNull() & F.col("query").isNull()
    broken = {
        "unreadable": ~F.col("readable"),
        "missing_id": F.col("user_id").isNull() | no_item | F.col("lacks_id"),
        "unparseable_time": F.col("event_time").isNull(),
        "future": day > arrival,
        "too_late": day < F.date_sub(arrival, rules.max_late_days),
        "unknown_type": ~F.coalesce(F.col("event_type").isin(*event_types), F.lit(False)),
        "bad_number": F.col("bad_number"),
        "long_text": F.greatest(*(F.coalesce(F.length(text), F.lit(0)) for text in TEXTS)) > rules.max_text,
    }
    return F.coalesce(*(F.when(is_broken, F.lit(rule)) for rule, is_broken in broken.items()))


def _completed(rows: DataFrame, event_types: dict[str, float]) -> DataFrame:
    """With the weight of the type, and an event id where the source has none: a hash of the row in our columns.

    Two equal rows of such a source are then one event; a shop that sells the same thing twice in a second needs ids.
    """
    weights = F.create_map(*(F.lit(part) for pair in event_types.items() for part in pair))
    hashed = F.sha2(F.to_json(F.struct("source", *EVENT[1:])), 256)
    weight = F.try_element_at(weights, F.coalesce("event_type", F.lit(""))) * F.coalesce("weight", F.lit(1.0))
    return rows.withColumns({"event_id": F.coalesce("event_id", hashed), "weight": weight})


def _flood(most: int) -> Column:
    """The rule `too_many`; duplicates do not count."""
    counts = F.col("rule").isNull() & ~F.col("duplicate")
    in_order = Window.partitionBy("ds", "user_id", counts).orderBy("event_time", "event_id")
    return F.when(counts & (F.row_number().over(in_order) > most), F.lit("too_many"))


def _if_rejected(column: Column) -> Column:
    return F.when(F.col("rule").isNotNull(), column)
