"""Users who stand in for a user at a cut: the same events, but for the last days' or for as many drawn at random.

A list for a stand-in says what the user's list would be had those events never come. Everything else, what is popular
and what goes with what, is left as it is: nobody learns from stand-ins.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.running import fingerprint

DAYS = (1, 3, 7, 14, 28)
SEED = 20171201
KEY = ["user_id", "of", "how", "days"]


def stand_ins(events: pl.DataFrame, users: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Who stands in for `users`, and their events.

    Args:
        events: user_id, age in days and anything else, in an order of their own.

    Returns:
        (user_id, of, how, days), `whole` (nothing is missing, 0 days), then `last` and `random` for each
        of `DAYS` in which the user did anything; and rows of `events`. Who has nothing left is in the first alone.
    """
    own = events.filter(pl.col("user_id").is_in(pl.Series(users).implode()))
    chance = pl.Series(np.random.default_rng(SEED).random(len(own)))
    own = own.with_columns(chance=chance).with_columns(place=pl.col("chance").rank("ordinal").over("user_id"))
    parts = [_named(own, "whole", 0)]
    for days in DAYS:
        missing = (pl.col("age") < days).sum().over("user_id")
        lacking = own.filter(missing > 0)
        parts.append(_named(lacking, "last", days, pl.col("age") >= days))
        parts.append(_named(lacking, "random", days, pl.col("place") > missing))
    everyone = pl.concat(parts)
    return everyone.select(KEY).unique().sort("user_id"), everyone.filter("kept").select(events.columns)


def _named(own: pl.DataFrame, how: str, days: int, kept: pl.Expr | None = None) -> pl.DataFrame:
    """Events of one sort of stand-in, those that are missing marked."""
    return own.with_columns(
        of="user_id",
        user_id=pl.format("{}|{}|{}", "user_id", pl.lit(how), pl.lit(days)),
        how=pl.lit(how),
        days=pl.lit(days),
        kept=pl.lit(True) if kept is None else kept,
    )


def laid(given: Path, active_days: int) -> Path:
    """The inputs of a cut with stand-ins for everyone who needs a list and did anything in the last days.

    What a peer learns from and the catalogue are as in `given`; `users.parquet` holds the stand-ins, and
    `stand_ins.parquet` says for whom and how.
    """
    folder, cut = given / "stand_ins", json.loads((given / "cut.json").read_text())
    end = pl.lit(cut["end"]).str.to_datetime(time_zone="UTC")
    events = pl.read_parquet(given / "events.parquet")
    aged = events.with_columns(age=(end - pl.col("event_time")).dt.total_seconds() / 86400)
    active = aged.filter(pl.col("age") < active_days).select("user_id").unique()
    users = pl.read_parquet(given / "users.parquet").join(active, on="user_id", how="semi")["user_id"].sort()
    people, theirs = stand_ins(aged, users.to_list())
    folder.mkdir(exist_ok=True)
    _write(pl.concat([events, theirs.select(events.columns)]), folder / "events.parquet")
    _write(people, folder / "stand_ins.parquet")
    _write(people.select("user_id"), folder / "users.parquet")
    for name in ("items.parquet", "cut.json"):
        (folder / name).write_bytes((given / name).read_bytes())
    fingerprint(folder)
    return folder


def _write(rows: pl.DataFrame, file: Path) -> None:
    rows.write_parquet(file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)  # another run may be reading it
