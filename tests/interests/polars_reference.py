"""The tables of interests once more, in Polars and from raw events: short, flat rows, no Spark, no arrays of ours."""

from datetime import date, timedelta

import polars as pl

NAMED = pl.col("item_id").is_not_null()
DAY = pl.col("event_time").dt.date()


def history_tiles(events: pl.DataFrame) -> pl.DataFrame:
    """ds, user_id, item_id, day, event_type, n, weight."""
    return (
        _positive(events)
        .group_by("ds", "user_id", "item_id", "day", "event_type")
        .agg(pl.len().alias("n").cast(pl.Int64), pl.col("weight").sum())
    )


def user_tiles(events: pl.DataFrame) -> pl.DataFrame:
    """user_id, events, baskets, ds."""
    baskets = pl.col("event_time").filter(pl.col("weight") > 0).n_unique()
    counted = events.group_by("ds", "user_id").agg(pl.len().alias("events"), baskets.alias("baskets"))
    return counted.select("user_id", pl.col("events", "baskets").cast(pl.Int64), "ds")


def item_tiles(events: pl.DataFrame) -> pl.DataFrame:
    """item_id, events, baskets, buyers, weight, ds."""
    counted = (
        _positive(events)
        .group_by("ds", "item_id")
        .agg(
            pl.len().alias("events"),
            pl.struct("user_id", "event_time").n_unique().alias("baskets"),
            pl.col("user_id").n_unique().alias("buyers"),
            pl.col("weight").sum(),
        )
    )
    return counted.select("item_id", pl.col("events", "baskets", "buyers").cast(pl.Int64), "weight", "ds")


def history_items(events: pl.DataFrame, ds: str, half_lives: tuple[float, ...], last_days: int) -> pl.DataFrame:
    """user_id, item_id, n, first_day, last_days, and a column of weights for each half-life."""
    return (
        _positive(events.filter(pl.col("ds") <= ds))
        .group_by("user_id", "item_id")
        .agg(
            pl.len().alias("n").cast(pl.Int64),
            pl.col("day").min().alias("first_day"),
            pl.col("day").unique().sort().tail(last_days).alias("last_days"),
            *_decayed(ds, half_lives),
        )
    )


def history_categories(
    events: pl.DataFrame, ds: str, catalogue: pl.DataFrame, half_lives: tuple[float, ...]
) -> pl.DataFrame:
    """user_id, category, n, and a column of weights for each half-life."""
    known = _positive(events.filter(pl.col("ds") <= ds)).join(catalogue.drop_nulls(), on="item_id")
    counted = pl.len().alias("n").cast(pl.Int64)
    return known.group_by("user_id", "category").agg(counted, *_decayed(ds, half_lives))


def windows(events: pl.DataFrame, ds: str, recent_days: int, window_events: int) -> pl.DataFrame:
    """user_id, item_id, event_type, event_time: each user's last events in order."""
    return _last(events, "item_id", ds, recent_days, window_events)


def searches(events: pl.DataFrame, ds: str, recent_days: int, window_events: int) -> pl.DataFrame:
    """user_id, query, event_type, event_time: each user's last searches in order."""
    return _last(events, "query", ds, recent_days, min(window_events, 16))


def _last(events: pl.DataFrame, name: str, ds: str, recent_days: int, most: int) -> pl.DataFrame:
    first, named = date.fromisoformat(ds) - timedelta(days=recent_days - 1), pl.col(name).is_not_null()
    seen = events.filter((pl.col("ds") <= ds) & named & DAY.is_between(first, date.fromisoformat(ds)))
    ordered = seen.sort("user_id", "event_time", name, "event_type")
    kept = ordered.group_by("user_id", maintain_order=True).tail(most)
    return kept.select("user_id", name, "event_type", "event_time")


def _positive(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter((pl.col("weight") > 0) & NAMED).with_columns(DAY.alias("day"))


def _decayed(ds: str, half_lives: tuple[float, ...]) -> list[pl.Expr]:
    age = (pl.lit(date.fromisoformat(ds)) - pl.col("day")).dt.total_days()
    return [
        (pl.col("weight") * pl.lit(2.0).pow(-age / half_life)).sum().alias(f"weight_{number}")
        for number, half_life in enumerate(half_lives)
    ]
