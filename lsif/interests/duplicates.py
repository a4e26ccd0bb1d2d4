"""The same event delivered twice: which row is stored and which are only counted."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

TIE_BREAK = (
    "event_time",
    "user_id",
    "item_id",
    "event_type",
    "weight",
    "value",
    "query",
    "recommendation_id",
    "list",
)
KEY = ("source", "event_id")
"""Two sources may count their events alike."""

FEW = 1_000_000
"""Ids that come twice which every task may hold."""


def ids_twice(rows: DataFrame, known_ids: DataFrame | None) -> DataFrame:
    """Hashes (`twice`) of ids of a source that come more than once among `rows`, or both there and among `known_ids`.

    Hashes, since numbers are counted and looked up in a fraction of the time of text; few others may have the same. The
    ids of a week stay where they are: those of a night are few and go to them.
    """
    hashed = F.xxhash64(*KEY).alias("twice")
    delivered = rows.where(F.col("rule").isNull()).select(hashed)
    repeated = delivered.groupBy("twice").count().where(F.col("count") > 1).select("twice")
    if known_ids is None:
        return repeated
    stored = known_ids.select(hashed).join(delivered, "twice", "left_semi")
    return repeated.union(stored).distinct()


def with_twice(rows: DataFrame, twice: DataFrame) -> DataFrame:
    """`rows` with `twice`, null where the id comes once."""
    return rows.join(twice, F.xxhash64(*KEY) == F.col("twice"), "left")


def with_duplicates(rows: DataFrame, known_ids: DataFrame | None, max_late_days: int) -> DataFrame:
    """`rows` with `duplicate`: an event id of a source seen on the same day of arrival, or stored in the days before.

    Among rows of one id and day the first in the order of `TIE_BREAK` is stored, whatever order they came in. Days are
    gone through as nights would: a day's row is a duplicate of stored ones, not of other duplicates. Rows that break a
    rule are neither duplicates nor make any.

    Args:
        rows: `source`, `event_id`, `ds` (text), `rule` and the columns of `TIE_BREAK`.
        known_ids: `source`, `event_id` and `ds` of events stored in the `max_late_days` days before, or None.
    """
    both = rows.withColumn("known", F.lit(False))
    if known_ids is not None:
        known = known_ids.select(*KEY, "ds", F.lit(True).alias("known"))
        both = both.unionByName(known, allowMissingColumns=True)
    same_id = Window.partitionBy(*KEY, F.col("rule").isNull())
    nth = F.row_number().over(same_id.partitionBy(*KEY, F.col("rule").isNull(), "ds").orderBy(*TIE_BREAK))
    seen = F.collect_set(F.struct("ds", "known")).over(same_id)
    numbered = both.withColumn("nth", nth).withColumn("seen", seen)
    repeated = (F.col("nth") > 1) | F.array_contains(_days_of_duplicates(max_late_days), F.col("ds"))
    return (
        numbered.where(~F.col("known"))
        .withColumn("duplicate", F.col("rule").isNull() & repeated)
        .drop("known", "nth", "seen")
    )


def _days_of_duplicates(max_late_days: int) -> Column:
    """Days in `seen` on which the id came again: within `max_late_days` of the last day on which it was stored."""

    def step(state: Column, day: Column) -> Column:
        near = F.date_diff(day["ds"], state["stored"]) <= max_late_days
        again = F.coalesce(near, F.lit(False)) & ~day["known"]
        return F.when(again, F.struct(state["stored"].alias("stored"), _appended(state, day).alias("again"))).otherwise(
            F.struct(day["ds"].alias("stored"), state["again"].alias("again"))
        )

    start = F.struct(F.lit(None).cast("string").alias("stored"), F.array().cast("array<string>").alias("again"))
    days = F.aggregate(F.array_sort("seen"), start, step)["again"]
    return F.when(F.size("seen") > 1, days).otherwise(F.array().cast("array<string>"))


def _appended(state: Column, day: Column) -> Column:
    return F.array_append(state["again"], day["ds"])
