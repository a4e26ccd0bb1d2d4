"""Short-term interest as data: what each user did lately, as it was known on a day."""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lsif.days import day_before
from lsif.interests.windows import MOST_SEARCHES
from lsif.outcomes import IMPRESSION


def window_days(ds: str, recent_days: int) -> tuple[str, str]:
    """First and last day of arrival whose events can stand in the windows of `ds`: no event arrives before its day."""
    return day_before(ds, recent_days - 1), ds


def recent_windows(events: DataFrame, dates: Iterable[str], recent_days: int, window_events: int) -> DataFrame:
    """Rows of the table `recent_windows` for all `dates` in one pass over `events`.

    An event stands in the windows of D when it arrived by D and its UTC day is in (D - recent_days, D]; of those, each
    user keeps the last `window_events` that name an item, by (time, item, type), and the last `MOST_SEARCHES` that hold
    a query. Events of every configured type count, also those of zero weight; impressions do not. A user without such
    an event has no row.

    Args:
        events: rows of the table `events` with `ds`, of at least the days `window_days` says.
    """
    days = F.array(*(F.lit(date.fromisoformat(ds)) for ds in dates))
    at = F.filter(days, lambda day: _is_recent(day, recent_days))
    searches = min(window_events, MOST_SEARCHES)
    named = F.col("item_id").isNotNull() | F.col("query").isNotNull()
    windows = (
        events.where(named & (F.col("event_type") != IMPRESSION))
        .withColumn("at", F.explode(at))
        .groupBy("at", "user_id")
        .agg(_last("item_id", window_events).alias("events"), _last("query", searches).alias("searches"))
        .select("user_id", "events", "searches", F.date_format("at", "yyyy-MM-dd").alias("ds"))
    )
    return windows.hint("rebalance", "ds").sortWithinPartitions("ds", "user_id")


def _is_recent(day: Column, recent_days: int) -> Column:
    happened = F.to_date("event_time")
    return (F.to_date("ds") <= day) & (happened <= day) & (happened > F.date_sub(day, recent_days))


def _last(name: str, most: int) -> Column:
    """Of a user's events that hold `name`, the last ones, oldest first."""
    event = F.when(F.col(name).isNotNull(), F.struct("event_time", name, "event_type"))
    # Sorting a collected list is the cheapest "last N" of four ways that were measured.
    last = F.slice(F.sort_array(F.collect_list(event), asc=False), 1, most)
    fields = (name, "event_type", "event_time")
    return F.transform(F.reverse(last), lambda event: F.struct(*(event[field].alias(field) for field in fields)))
