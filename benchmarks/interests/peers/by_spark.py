"""The features in PySpark, by hand, with the session's settings for bulk work."""

from collections.abc import Callable
from functools import reduce
from itertools import groupby
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.interests.peers.task import Task, serve
from lsif.spark import session


def start() -> Callable[[Task, Path], None]:
    spark = session("by_spark", bulk=True)

    def work(task: Task, out: Path) -> None:
        events = everything(spark, task).withColumn("ds", F.col("ds").cast("string"))
        positive = events.where((F.col("weight") > 0) & F.col("item_id").isNotNull())
        save("histories", histories(positive, task), out)
        made = spark.read.parquet(str(out / "histories.parquet"))
        save("categories", categories(made, spark.read.parquet(task.items), task), out)
        save("windows", windows(events, task), out)
        basket = F.when(F.col("weight") > 0, F.col("event_time"))
        counts = (F.count("*").alias("events"), F.countDistinct(basket).alias("baskets"))
        save("user_days", events.groupBy("ds", "user_id").agg(*counts), out)
        save("item_days", item_days(positive), out)

    return work


def everything(spark: SparkSession, task: Task) -> DataFrame:
    """All events; each write of several days has a folder of its own, and Spark reads days off the paths below one."""
    of_write = {root: list(files) for root, files in groupby(sorted(task.events), lambda file: file.split("/ds=")[0])}
    return reduce(
        DataFrame.unionByName,
        (spark.read.option("basePath", root).parquet(*files) for root, files in of_write.items()),
    )


def histories(positive: DataFrame, task: Task) -> DataFrame:
    day = F.to_date("event_time").alias("day")
    days = positive.groupBy("user_id", "item_id", day).agg(F.count("*").alias("n"), F.sum("weight").alias("weight"))
    age = F.date_diff(F.lit(task.ds), "day")
    weights = [F.sum(F.col("weight") * F.pow(F.lit(2.0), -age / life)) for life in task.half_lives_days]
    last = F.slice(F.sort_array(F.collect_list("day"), asc=False), 1, task.last_days)
    return days.groupBy("user_id", "item_id").agg(
        F.sum("n").alias("n"),
        F.array(*weights).alias("weights"),
        F.min("day").alias("first_day"),
        F.reverse(last).alias("last_days"),
    )


def categories(made: DataFrame, items: DataFrame, task: Task) -> DataFrame:
    rows = made.join(items.select("item_id", "category").dropna(), "item_id")
    sums = [F.sum(F.col("weights")[n]) for n in range(len(task.half_lives_days))]
    return rows.groupBy("user_id", "category").agg(F.sum("n").alias("n"), F.array(*sums).alias("weights"))


def windows(events: DataFrame, task: Task) -> DataFrame:
    first, last, day = F.date_sub(F.lit(task.ds), task.recent_days), F.lit(task.ds), F.to_date("event_time")
    recent = events.where(F.col("item_id").isNotNull() & (F.col("ds") > first) & (day > first) & (day <= last))
    newest = F.sort_array(F.collect_list(F.struct("event_time", "item_id", "event_type")), asc=False)
    kept: Column = F.reverse(F.slice(newest, 1, task.window_events))
    return recent.groupBy("user_id").agg(kept.alias("events"))


def item_days(positive: DataFrame) -> DataFrame:
    weight = F.sum("weight").alias("weight")
    baskets = positive.groupBy("ds", "item_id", "user_id", "event_time").agg(F.count("*").alias("events"), weight)
    users = baskets.groupBy("ds", "item_id", "user_id").agg(
        F.sum("events").alias("events"), F.count("*").alias("baskets"), weight
    )
    sums = (F.sum("events").alias("events"), F.sum("baskets").alias("baskets"), F.count("*").alias("buyers"), weight)
    return users.groupBy("ds", "item_id").agg(*sums)


def save(name: str, rows: DataFrame, out: Path) -> None:
    rows.write.parquet(str(out / f"{name}.parquet"))


if __name__ == "__main__":
    serve(start)
