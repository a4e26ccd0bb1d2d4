"""Lists against the truth of their cut: every metric, per user where there is a value per user."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks.quality.window import Window
from lsif.evaluation.beyond import coverage, novelty, personalisation
from lsif.evaluation.metrics import Floats, judged, per_user

CUTS = (10, 20)


@dataclass(frozen=True)
class Scored:
    """Metrics of one list.

    Attributes:
        users: ids in the order of the values [U].
        per_user: metric@k → [U].
        whole: metric@k → number, of the lists as a whole.
    """

    users: list[str]
    per_user: dict[str, Floats]
    whole: dict[str, float]


def scored(lists: pl.DataFrame, window: Window, track: str) -> Scored:
    """Judge (user_id, rank, item_id) for everyone with something to find on the track."""
    users = window.users(track)
    own = lists.join(pl.DataFrame({"user_id": users}), on="user_id", how="semi")
    truth = window.truth[track]
    marks = judged(own.to_arrow(), truth.to_arrow(), users, max(CUTS))
    values = {f"{name}@{k}": value for k in CUTS for name, value in per_user(marks, k).items()}
    whole = {f"{name}@{k}": value for k in CUTS for name, value in _whole(own, window, k).items()}
    return Scored(users, values, whole)


def _whole(lists: pl.DataFrame, window: Window, k: int) -> dict[str, float]:
    top = lists.filter(pl.col("rank") <= k)
    events = pl.read_parquet(window.given / "events.parquet", columns=["user_id", "item_id"]).unique()
    holders = top.select("item_id").join(events.group_by("item_id").len("n"), on="item_id", how="left")["n"]
    counts = top.group_by("item_id").len()["len"].to_numpy()
    catalogue = pl.scan_parquet(window.given / "items.parquet").select(pl.len()).collect().item()
    return {
        "coverage": coverage(counts, catalogue),
        "novelty": float(novelty(np.asarray(holders.fill_null(0), np.float64), events["user_id"].n_unique()).mean()),
        "personalisation": personalisation(counts, top["user_id"].n_unique(), k),
    }
