"""Long-term interest as data: the mergeable part of each day, and the merged histories."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lsif.interests.history import HistorySettings, histories_at
from lsif.outcomes import IMPRESSION
from lsif.schema import TABLES
from lsif.table_schema import DS

DECIMALS = 9
"""Sums of weights are rounded to this many decimals, since an engine adds in any order."""


def history_tiles(events: DataFrame) -> DataFrame:
    """Rows of the table `history_tiles`: per day of arrival, user and item, what happened on which day.

    Only events of positive weight make a history. Late events stand under the day they arrived, with their own day.
    """
    days = (
        _positive(events)
        .groupBy("ds", "user_id", "item_id", F.to_date("event_time").alias("day"), "event_type")
        .agg(F.count("*").alias("n"), F.round(F.sum("weight"), DECIMALS).alias("weight"))
    )
    day = F.struct("day", "event_type", "n", "weight")
    tiles = days.groupBy("ds", "user_id", "item_id").agg(F.sort_array(F.collect_list(day)).alias("days"))
    return tiles.hint("rebalance", "ds").sortWithinPartitions("ds", "user_id", "item_id")


def user_tiles(events: DataFrame) -> DataFrame:
    """Rows of the table `user_tiles`: what a user did, of what arrived on a day, and the baskets among it.

    A basket is a distinct time of a user's events of positive weight; a user who only searched has none.
    """
    basket = F.when(F.col("weight") > 0, F.col("event_time"))
    done = events.where(F.col("event_type") != IMPRESSION).groupBy("ds", "user_id")
    tiles = done.agg(F.count("*").alias("events"), F.countDistinct(basket).alias("baskets"))
    return tiles.hint("rebalance", "ds").sortWithinPartitions("ds", "user_id")


def item_tiles(events: DataFrame) -> DataFrame:
    """Rows of the table `item_tiles`: per day of arrival and item, over events of positive weight only.

    `events` and `weight` are sums, `baskets` distinct (user, time), `buyers` distinct users.
    """
    weight = F.round(F.sum("weight"), DECIMALS).alias("weight")
    # Three small steps instead of two distinct counts, which would multiply the rows.
    baskets = _positive(events).groupBy("ds", "item_id", "user_id", "event_time")
    users = baskets.agg(F.count("*").alias("events"), weight).groupBy("ds", "item_id", "user_id")
    items = users.agg(F.sum("events").alias("events"), F.count("*").alias("baskets"), weight).groupBy("ds", "item_id")
    tiles = items.agg(
        F.sum("events").alias("events"), F.sum("baskets").alias("baskets"), F.count("*").alias("buyers"), weight
    )
    return tiles.hint("rebalance", "ds").sortWithinPartitions("ds", "item_id")


def histories(
    base: DataFrame, tiles: DataFrame, catalogue: pa.Table, dates: Sequence[str], settings: HistorySettings
) -> DataFrame:
    """Rows of the table `long_term_histories` at each of `dates`, in one ascending pass over the tiles.

    Users are split into as many groups as there are shuffle partitions; each group is merged as arrays by the one
    formula, `history.merged`.

    Args:
        base: histories at one day with `ds`, or no rows.
        tiles: rows of `history_tiles` with `ds`, all days after the base's up to the last of `dates`.
        catalogue: `item_id`, `category`.
        dates: ascending, all at or after the base's day.
    """
    groups = int(base.sparkSession.conf.get("spark.sql.shuffle.partitions") or 8)
    bucket = F.pmod(F.hash("user_id"), F.lit(groups)).alias("bucket")
    wanted = StructType.fromJson(TABLES["long_term_histories"].struct())

    def merge(base: pa.Table, tiles: pa.Table) -> pa.Table:
        def between(known: str, ds: str) -> list[pa.Table]:
            return [tiles.filter((pc.field(DS) > known) & (pc.field(DS) <= ds))]

        known = max(base[DS].to_pylist(), default="")
        made = histories_at([base], known, between, catalogue, dates, settings)
        return pa.concat_tables(table for parts in made for table in parts)

    merged = base.groupBy(bucket).cogroup(tiles.groupBy(bucket)).applyInArrow(merge, wanted)
    return merged.hint("rebalance", "ds").sortWithinPartitions("ds", "user_id")


def _positive(events: DataFrame) -> DataFrame:
    return events.where((F.col("weight") > 0) & F.col("item_id").isNotNull())
