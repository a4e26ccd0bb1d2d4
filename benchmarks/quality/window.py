"""What is asked at one cut, the same for everyone: which users, what they took afterwards, and what counts as new."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lsif.config import Settings
from lsif.days import day_before
from lsif.evaluation.compare import successes, truth_from
from lsif.interests.as_of import catalogue_at
from lsif.tables import Tables

PAIR = ["user_id", "item_id"]
COLD_DAYS = 7
"""An item is cold when it was first seen in the last so many days before the cut, or never."""


@dataclass(frozen=True)
class Window:
    """One cut.

    Attributes:
        truth: track → distinct (user_id, item_id): `all`, `new` (the user never had it), `cold`.
        slice: user_id, slice: quarters of the judged users by number of events before the cut.
        holders: item_id, holders: how many users had each item.
        everyone, catalogue: numbers of users with a history, and of items that may be recommended.
        given: folder with the peers' inputs.
        types: event types that count as taking; None for all of positive weight.
    """

    cut: str
    truth: dict[str, pl.DataFrame]
    slice: pl.DataFrame
    holders: pl.DataFrame
    everyone: int
    catalogue: int
    given: Path
    types: Sequence[str] | None = None

    def users(self, track: str, where: str = "everyone") -> list[str]:
        """Sorted ids of those with something to find on the track."""
        users = self.truth[track].select("user_id").unique()
        if where != "everyone":
            users = users.join(self.slice.filter(slice=where), on="user_id", how="semi")
        return users["user_id"].sort().to_list()


def window(tables: Tables, settings: Settings, cut: str, folder: Path) -> Window:
    """Read the log around a cut, and lay what was known by then into `folder` for the peers."""
    before = _events(tables, tables.days("events", last=cut)).filter(pl.col("weight") > 0)
    horizon = settings.training.horizon_days
    truth = truth_after(tables, cut, horizon, before, settings.training.targets)
    items = _catalogue(tables, cut, before)
    tracks = {
        "all": truth,
        "new": truth.join(before, on=PAIR, how="anti").sort(PAIR),
        "cold": truth.join(items.filter(~pl.col("cold")), on="item_id", how="anti").sort(PAIR),
    }
    users = truth.select("user_id").unique().sort("user_id")
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {"events": before, "items": items, "users": users}.items():
        rows.write_parquet(folder / f".{name}.part")
        (folder / f".{name}.part").replace(folder / f"{name}.parquet")  # another run may be reading it
    (folder / "cut.json").write_text(json.dumps({"cut": cut, "end": day_before(cut, -1), "horizon": horizon}))
    holders = before.select(PAIR).unique().group_by("item_id").len("holders")
    return Window(
        cut,
        tracks,
        _quarters(before, users),
        holders,
        before["user_id"].n_unique(),
        len(items),
        folder,
        settings.training.targets,
    )


def truth_after(
    tables: Tables, cut: str, horizon: int, before: pl.DataFrame, types: Sequence[str] | None
) -> pl.DataFrame:
    """Distinct (user_id, item_id) of the `horizon` days after the cut, of users who had done anything before it."""
    days = tables.require_days("events", day_before(cut, -1), day_before(cut, -horizon))
    truth = pl.DataFrame(truth_from(successes(tables.read("events", days), types), cut))
    return truth.join(before, on="user_id", how="semi").sort(PAIR)


def _events(tables: Tables, days: list[str]) -> pl.DataFrame:
    """Events in an order of their own: the same log imported again, in other files, is the same input."""
    columns = [*PAIR, "event_time", "event_type", "weight"]
    return pl.DataFrame(tables.read("events", days, columns)).drop_nulls(PAIR).sort(columns)


def _catalogue(tables: Tables, cut: str, before: pl.DataFrame) -> pl.DataFrame:
    """What may be recommended at the cut, and whether it is cold."""
    known = pl.col("event_time") < pl.lit(day_before(cut, COLD_DAYS - 1)).str.to_datetime(time_zone="UTC")
    warm = before.filter(known).select("item_id").unique()
    items = pl.DataFrame(catalogue_at(tables, cut)).filter(pl.col("available").fill_null(True))
    return items.with_columns(cold=~pl.col("item_id").is_in(warm["item_id"].implode())).sort("item_id")


def _quarters(before: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    counts = users.join(before.group_by("user_id").len(), on="user_id").sort("user_id")
    edges = [counts["len"].quantile(part) or 0 for part in (0.25, 0.5, 0.75)]
    below = pl.sum_horizontal(pl.col("len") > edge for edge in edges)  # users of one length are never parted
    return counts.select("user_id", slice=pl.format("q{} of history", below + 1))
