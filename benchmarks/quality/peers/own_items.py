"""A user's own items as of a day, with what counts and gaps say of them: one row per user and item."""

from collections.abc import Sequence

import polars as pl
from kit import Array, Given

HALF_LIVES = (7, 14, 30, 60, 90, 120, 180)
SPANS = (7, 14, 28, 56)
DECAYED_KINDS = (30, 90, 180)
CANDIDATES = 250
PAIR = ["user", "item"]


def log(given: Given) -> pl.DataFrame:
    """Events once per basket and item, with the item's kind (department, category, type and brand in words)."""
    kinds = (given.items["text"].fill_null("").rank("dense") - 1).cast(pl.UInt32)
    events = pl.DataFrame({"user": given.user, "item": given.item, "age": given.age, "basket": given.basket})
    events = events.unique(["user", "item", "basket"], keep="first", maintain_order=True)
    return events.with_columns(kind=kinds.gather(events["item"]))


def rows(events: pl.DataFrame, ago: int, users: Array) -> pl.DataFrame:
    """Features of `users`' most frequent items as things stood `ago` days before the cut, sorted by user.

    Args:
        events: as `log` gives them.
    """
    past = events.filter(pl.col("age") >= ago).with_columns(pl.col("age") - ago).sort("user", "basket")
    user, item = users_of(past), items(past)
    own = past.join(pl.DataFrame({"user": users}).cast(past.schema["user"]), on="user", how="semi")
    pairs = (
        _pairs(own)
        .join(user, on="user")
        .with_columns(place=pl.struct(-pl.col("n").cast(pl.Int64), "age_1").rank("ordinal").over("user"))
    )
    pairs = pairs.filter(pl.col("place") <= CANDIDATES).join(item, on="item")
    pairs = pairs.join(kinds(own), on=["user", "kind"])
    return _ratios(pairs).sort("user", "place")


def decayed(half_lives: Sequence[int], prefix: str) -> list[pl.Expr]:
    return [(0.5 ** (pl.col("age") / days)).sum().alias(f"{prefix}_{days}") for days in half_lives]


def _pairs(own: pl.DataFrame) -> pl.DataFrame:
    age = pl.col("age")
    return own.group_by(PAIR).agg(
        pl.len().alias("n"),
        *decayed(HALF_LIVES, "weight"),
        *[(age < days).sum().alias(f"n_{days}") for days in SPANS],
        *[age.get(-place, null_on_oob=True).alias(f"age_{place}") for place in range(1, 5)],
        age.first().alias("first_age"),
        age.diff().abs().std().alias("gap_spread"),
        age.diff().abs().median().alias("gap_median"),
        pl.col("basket").last().alias("last_basket"),
        pl.col("kind").first(),
    )


def users_of(past: pl.DataFrame) -> pl.DataFrame:
    baskets = past.group_by("user", "basket").agg(pl.len().alias("size"), pl.col("age").first()).sort("user", "basket")
    age = pl.col("age")
    user = baskets.group_by("user").agg(
        pl.len().alias("user_baskets"),
        (age < 28).sum().alias("user_baskets_28"),
        age.last().alias("user_age"),
        age.diff().abs().mean().alias("user_gap"),
        pl.col("size").mean().alias("user_size"),
        pl.col("size").last().alias("user_last_size"),
    )
    totals = past.group_by("user").agg(pl.col("item").n_unique().alias("user_items"), *decayed(HALF_LIVES, "total"))
    return user.join(totals, on="user")


def items(past: pl.DataFrame) -> pl.DataFrame:
    buyers = past.group_by(PAIR).agg(pl.len().alias("times"), pl.col("age").min(), pl.col("age").max().alias("oldest"))
    age, again = pl.col("age"), pl.col("times") > 1
    item = buyers.group_by("item").agg(
        *[(age < days).sum().alias(f"buyers_{days}") for days in SPANS],
        pl.len().alias("buyers"),
        again.mean().alias("repurchased"),
        ((again & (age < 7)).sum() / ((age < 7).sum() + 1)).alias("repurchased_7"),
        pl.col("oldest").max().alias("item_age"),
    )
    return item.with_columns(trend=(pl.col("buyers_7") + 1) / (pl.col("buyers_28") + 4))


def kinds(own: pl.DataFrame) -> pl.DataFrame:
    age = pl.col("age")
    return own.group_by("user", "kind").agg(
        *decayed(DECAYED_KINDS, "kind_weight"),
        pl.col("basket").n_unique().alias("kind_n"),
        pl.col("item").n_unique().alias("kind_items"),
        age.min().alias("kind_age"),
        ((age.max() - age.min()) / (pl.col("basket").n_unique() - 1).clip(1)).alias("kind_gap"),
    )


def _ratios(pairs: pl.DataFrame) -> pl.DataFrame:
    gap = (pl.col("first_age") - pl.col("age_1")) / (pl.col("n") - 1).clip(1)
    pairs = pairs.with_columns(gap=gap, baskets_since=pl.col("user_baskets") - 1 - pl.col("last_basket"))
    return pairs.with_columns(
        *[(pl.col(f"weight_{days}") / pl.col(f"total_{days}")).alias(f"share_{days}") for days in HALF_LIVES],
        share_of_baskets=pl.col("n") / pl.col("user_baskets"),
        rate=pl.col("n") / (pl.col("first_age") + 7),
        due=pl.col("age_1") / (pl.col("gap") + 1),
        due_median=pl.col("age_1") / (pl.col("gap_median") + 1),
        due_baskets=pl.col("baskets_since") * pl.col("n") / pl.col("user_baskets"),
        kind_due=pl.col("kind_age") / (pl.col("kind_gap") + 1),
        share_of_kind=pl.col("weight_90") / pl.col("kind_weight_90"),
        other_since=pl.col("age_1") - pl.col("kind_age"),
    ).drop("last_basket", "kind", *[f"total_{days}" for days in HALF_LIVES])
