"""Items a user never had, as of a day: popular ones, and the popular ones of the kinds that the user knows."""

import polars as pl
from kit import Array
from own_items import DECAYED_KINDS, decayed, items, kinds, users_of

POPULAR, KINDS, OF_A_KIND = 200, 40, 8
"""Candidates: the most popular items, and so many of each of so many of the user's heaviest kinds."""
PAIR = ["user", "item"]
FIRST_SPANS = (7, 28)


def rows(events: pl.DataFrame, ago: int, users: Array) -> pl.DataFrame:
    """Features of `users`' candidates as things stood `ago` days before the cut, sorted by user.

    Args:
        events: as `own_items.log` gives them.
    """
    past = events.filter(pl.col("age") >= ago).with_columns(pl.col("age") - ago).sort("user", "basket")
    wanted = pl.DataFrame({"user": users}).cast({"user": past.schema["user"]})
    own = past.join(wanted, on="user", how="semi")
    item = items(past).join(_first_buyers(past), on="item", how="left").join(_popularity(past), on="item")
    known = kinds(own)
    pairs = pl.concat([_popular(item, wanted), _of_kinds(item, known)]).unique(PAIR, maintain_order=True)
    pairs = pairs.join(own.select(PAIR).unique(), on=PAIR, how="anti").join(item, on="item")
    return pairs.join(known, on=["user", "kind"], how="left").join(users_of(past), on="user").drop("kind").sort(PAIR)


def _popularity(past: pl.DataFrame) -> pl.DataFrame:
    found = past.group_by("item").agg(pl.col("kind").first(), *decayed((7, 30, 90), "popular"))
    place = pl.col("popular_30").rank("ordinal", descending=True)
    return found.with_columns(place=place, place_in_kind=place.rank("ordinal").over("kind"))


def _first_buyers(past: pl.DataFrame) -> pl.DataFrame:
    """How many took the item for the first time lately: those who will are more like them than like all buyers."""
    first = past.group_by(PAIR).agg(pl.col("age").max())
    return first.group_by("item").agg(*[(pl.col("age") < days).sum().alias(f"first_{days}") for days in FIRST_SPANS])


def _popular(item: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    return wanted.join(item.filter(pl.col("place") <= POPULAR).select("item"), how="cross").select(PAIR)


def _of_kinds(item: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    heaviest = pl.col(f"kind_weight_{DECAYED_KINDS[0]}").rank("ordinal", descending=True).over("user") <= KINDS
    best = item.filter(pl.col("place_in_kind") <= OF_A_KIND).select("item", "kind")
    return known.filter(heaviest).select("user", "kind").join(best, on="kind").select(PAIR)
