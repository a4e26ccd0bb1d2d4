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


def scored(lists: pl.DataFrame, window: Window, track: str, as_a_whole: bool = True) -> Scored:
    """Judge (user_id, rank, item_id) for everyone with something to find on the track.

    Args:
        as_a_whole: also what the lists are like together; choosing a setting needs none of that.
    """
    users = window.users(track)
    own = lists.join(pl.DataFrame({"user_id": users}), on="user_id", how="semi")
    truth = window.truth[track]
    marks = judged(own.to_arrow(), truth.to_arrow(), users, max(CUTS))
    values = {f"{name}@{k}": value for k in CUTS for name, value in per_user(marks, k).items()}
    whole = {f"{name}@{k}": value for k in CUTS for name, value in _whole(own, window, k).items()} if as_a_whole else {}
    return Scored(users, values, whole)


def _whole(lists: pl.DataFrame, window: Window, k: int) -> dict[str, float]:
    top = lists.filter(pl.col("rank") <= k)
    holders = top.select("item_id").join(window.holders, on="item_id", how="left")["holders"]
    counts = top.group_by("item_id").len()["len"].to_numpy()
    return {
        "coverage": coverage(counts, window.catalogue),
        "novelty": float(novelty(np.asarray(holders.fill_null(0), np.float64), window.everyone).mean()),
        "personalisation": personalisation(counts, top["user_id"].n_unique(), k),
    }
