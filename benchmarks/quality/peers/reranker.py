"""A LightGBM re-ranker of some candidates of each user, learned from cutoffs one horizon apart before the cut."""

from collections.abc import Callable
from functools import cache

import lightgbm
import numpy as np
import own_items
import polars as pl
from kit import Array, Given, Scorer, Settings
from scipy import sparse

Rows = Callable[[pl.DataFrame, int, Array], pl.DataFrame]
"""(events, days before the cut, users) → candidates with their features, a row per `user` and `item`."""
MOST_USERS = 3000
"""Of a cutoff that is learned from; on a large log they are drawn."""


def reranked(given: Given, settings: Settings, candidates: Rows, cutoffs: int) -> Scorer:
    """Settings: `objective` (binary or lambdarank), `leaves`, `trees`, `rate`."""
    chosen = (settings["objective"], settings["leaves"], settings["rate"], settings.get("seed", 1))
    model = _booster(given, candidates, cutoffs, *chosen)
    while model.current_iteration() < settings["trees"]:
        model.update()
    today = _today(given, candidates)
    value = np.asarray(model.predict(_matrix(today), num_iteration=settings["trees"]), np.float32)
    # A rank objective has negative scores; only positive ones are opinions.
    cells = (value - value.min() + 1e-6, (today["user"].to_numpy(), today["item"].to_numpy()))
    scores = sparse.csr_matrix(cells, shape=(len(given.users), len(given.items)), dtype=np.float32)

    def dense(rows: Array) -> Array:
        return scores[rows].toarray()

    return dense


@cache
def _booster(
    given: Given, candidates: Rows, cutoffs: int, objective: str, leaves: int, rate: float, seed: int
) -> lightgbm.Booster:
    """Without a tree so far: settings that differ in their number of trees share the first of them."""
    features, taken, groups = _examples(given, candidates, cutoffs)
    parameters = {
        "objective": objective,
        "num_leaves": leaves,
        "learning_rate": rate,
        "min_data_in_leaf": 200,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.5,
        "bagging_freq": 1,
        "max_bin": 127,
        "lambdarank_truncation_level": 20,
        "seed": seed,
        "num_threads": 2,
        "verbose": -1,
    }
    data = lightgbm.Dataset(features, taken, group=groups if objective == "lambdarank" else None, params=parameters)
    return lightgbm.Booster(parameters, data)


@cache
def _today(given: Given, candidates: Rows) -> pl.DataFrame:
    return candidates(own_items.log(given), 0, given.wanted)


@cache
def _examples(given: Given, candidates: Rows, cutoffs: int) -> tuple[Array, Array, Array]:
    """Features [N, F], whether each row was taken in the horizon after its cutoff, and rows per user."""
    events, horizon = own_items.log(given), given.horizon
    parts = [_cutoff(events, week * horizon, horizon, candidates) for week in range(1, cutoffs + 1)]
    sizes = [part.group_by("user", maintain_order=True).len()["len"] for part in parts if len(part)]
    rows = pl.concat([part for part in parts if len(part)], how="vertical_relaxed")
    return _matrix(rows.drop("taken")), rows["taken"].to_numpy(), pl.concat(sizes).to_numpy()


def _cutoff(events: pl.DataFrame, ago: int, horizon: int, candidates: Rows) -> pl.DataFrame:
    """Rows of everyone who took anything in the days after the cutoff, whether a candidate or not."""
    after = events.filter((pl.col("age") < ago) & (pl.col("age") >= ago - horizon))
    known = events.filter(pl.col("age") >= ago)["user"].unique()
    users = after.filter(pl.col("user").is_in(known.implode()))["user"].unique().sort()
    users = users.sample(MOST_USERS, seed=ago).sort() if len(users) > MOST_USERS else users
    taken = after.select("user", "item").unique().with_columns(taken=pl.lit(1, pl.Int8))
    return (
        candidates(events, ago, users.to_numpy())
        .join(taken, on=["user", "item"], how="left", maintain_order="left")
        .with_columns(pl.col("taken").fill_null(0))
    )


def _matrix(rows: pl.DataFrame) -> Array:
    return rows.drop("user", "item").cast(pl.Float32).to_numpy()
