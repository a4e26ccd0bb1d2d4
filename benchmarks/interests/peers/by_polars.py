"""The features in Polars, by its streaming engine."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.interests.peers.task import Task, serve


def start() -> Callable[[Task, Path], None]:
    return work


def work(task: Task, out: Path) -> None:
    events = pl.scan_parquet(task.events, hive_partitioning=True, hive_schema={"ds": pl.String})
    positive = events.filter(pl.col("weight") > 0, pl.col("item_id").is_not_null())
    save("histories", histories(positive, task), out)
    save("categories", categories(pl.scan_parquet(out / "histories.parquet"), task), out)
    save("windows", windows(events, task), out)
    baskets = pl.col("event_time").filter(pl.col("weight") > 0).n_unique()
    save("user_days", events.group_by("ds", "user_id").agg(events=pl.len(), baskets=baskets), out)
    save("item_days", item_days(positive), out)


def histories(positive: pl.LazyFrame, task: Task) -> pl.LazyFrame:
    day = pl.col("event_time").dt.date().alias("day")
    days = positive.group_by("user_id", "item_id", day).agg(n=pl.len(), weight=pl.sum("weight"))
    age = (pl.lit(date.fromisoformat(task.ds)) - pl.col("day")).dt.total_days()
    decayed = {f"w{n}": pl.col("weight") * 2.0 ** (-age / life) for n, life in enumerate(task.half_lives_days)}
    kept = {"first_day": pl.min("day"), "last_days": pl.col("day").sort().tail(task.last_days)}
    sums = days.with_columns(**decayed).group_by("user_id", "item_id").agg(pl.sum("n", *decayed), **kept)
    return sums.select("user_id", "item_id", "n", together(decayed), "first_day", "last_days")


def categories(made: pl.LazyFrame, task: Task) -> pl.LazyFrame:
    category = pl.scan_parquet(task.items).select("item_id", "category").drop_nulls()
    weights = {f"w{n}": pl.col("weights").list.get(n) for n in range(len(task.half_lives_days))}
    rows = made.select("user_id", "item_id", "n", **weights).join(category, on="item_id")
    sums = rows.group_by("user_id", "category").agg(pl.sum("n", *weights))
    return sums.select("user_id", "category", "n", together(weights))


def together(weights: dict[str, pl.Expr]) -> pl.Expr:
    return pl.concat_list(*weights).alias("weights")


def windows(events: pl.LazyFrame, task: Task) -> pl.LazyFrame:
    last = pl.lit(date.fromisoformat(task.ds))
    first = last - pl.duration(days=task.recent_days)
    day = pl.col("event_time").dt.date()
    arrived = pl.col("ds").str.to_date() > first
    recent = events.filter(pl.col("item_id").is_not_null(), arrived, day > first, day <= last)
    event = pl.struct("event_time", "item_id", "event_type")
    return recent.group_by("user_id").agg(events=event.sort().tail(task.window_events))


def item_days(positive: pl.LazyFrame) -> pl.LazyFrame:
    key = ("ds", "item_id", "user_id")
    baskets = positive.group_by(*key, "event_time").agg(events=pl.len(), weight=pl.sum("weight"))
    users = baskets.group_by(*key).agg(pl.sum("events", "weight"), baskets=pl.len())
    return users.group_by("ds", "item_id").agg(pl.sum("events", "baskets", "weight"), buyers=pl.len())


def save(name: str, rows: pl.LazyFrame, out: Path) -> None:
    rows.sink_parquet(out / f"{name}.parquet", compression="zstd")


if __name__ == "__main__":
    serve(start)
