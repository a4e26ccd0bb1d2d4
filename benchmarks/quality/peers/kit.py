"""What every peer is given and what it gives back, in files, so that each may live in an environment of its own.

A peer is a script with one function `fit(given, settings)` that returns a scorer: user numbers [B] → scores [B, V].
A positive score is an opinion. Everything else is filled up with what was popular in the last 28 days, as anyone would.

    python peers/frequency.py --given FOLDER --settings '[{"half_life": 90}]' --out lists.parquet

FOLDER holds `events.parquet` (what had happened by the cut), `items.parquet` (the catalogue) and `users.parquet` (who
needs a list). Three lists are made of the same scores: of all items, of items that the user never had, of cold items.
"""

import argparse
import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

Array = npt.NDArray[Any]
Settings = dict[str, Any]
Scorer = Callable[[Array], Array]
Maker = Callable[[Settings], pl.DataFrame]
"""A setting → lists of every track, as (track, user_id, rank, item_id)."""
TRACKS = ("all", "new", "cold")
DEPTH, CHUNK, POPULAR_DAYS = 20, 256, 28


@dataclass(frozen=True, eq=False)  # one is like no other, so that a peer may keep what it made of it
class Given:
    """A log up to a cut, in numbers; one row per event of positive weight, in no particular order within a time.

    Attributes:
        items: the catalogue sorted by id, with `title`, `category`, `brand`, `text`, `cold` [V].
        users: ids of everyone, sorted [U].
        wanted: numbers of the users who need a list.
        user, item, weight: of each event [E].
        age: days from the event to the end of the cut's day [E].
        basket: number of the event's basket (user × time) within its user, 0 = oldest [E].
        baskets: of each user [U].
        stands_for: number of the user whom a user stands in for; one's own where there are no stand-ins [U].
        horizon: days after the cut that the lists are for.
        folder: of the cut, where a peer may keep what took long.
        identity: of all of this.
    """

    items: pl.DataFrame
    users: list[str]
    wanted: Array
    user: Array
    item: Array
    weight: Array
    age: Array
    basket: Array
    baskets: Array
    stands_for: Array
    horizon: int
    folder: Path
    identity: str

    def matrix(self, values: Array, keep: Array | slice = slice(None)) -> sparse.csr_matrix:
        """Sums of `values` [E] by user and item [U, V]."""
        cells = (values[keep].astype(np.float32), (self.user[keep], self.item[keep]))
        return sparse.csr_matrix(cells, shape=(len(self.users), len(self.items)), dtype=np.float32)

    @property
    def everyone(self) -> Array:
        """Numbers of the users who stand for themselves: those whom there is anything to learn from."""
        return np.flatnonzero(self.stands_for == np.arange(len(self.users)))

    def decayed(self, half_life: float | None) -> Array:
        """Weight of each event today [E]; None never forgets."""
        return self.weight * (1.0 if half_life is None else 2.0 ** (-self.age / half_life))


def read(folder: Path) -> Given:
    items = pl.read_parquet(folder / "items.parquet").sort("item_id")
    catalogue = items.select("item_id").with_row_index("item")
    events = pl.read_parquet(folder / "events.parquet").join(catalogue, on="item_id").sort("user_id", "event_time")
    people = _people(folder, events)
    users = people["user_id"]
    cut = json.loads((folder / "cut.json").read_text())
    end = pl.lit(cut["end"]).str.to_datetime("%Y-%m-%d", time_zone="UTC")
    events = events.join(pl.DataFrame({"user_id": users}).with_row_index("user"), on="user_id").select(
        "user",
        "item",
        "weight",
        age=(end - pl.col("event_time")).dt.total_seconds() / 86400,
        basket=pl.col("event_time").rank("dense").over("user") - 1,
    )
    column = {name: events[name].to_numpy() for name in events.columns}
    baskets = np.zeros(len(users), np.int64)
    np.maximum.at(baskets, column["user"], column["basket"].astype(np.int64) + 1)
    wanted = users.search_sorted(pl.read_parquet(folder / "users.parquet")["user_id"].sort()).to_numpy()
    return Given(
        items=items,
        users=users.to_list(),
        wanted=wanted,
        baskets=baskets,
        stands_for=users.search_sorted(people["of"]).to_numpy(),
        horizon=cut["horizon"],
        folder=folder,
        identity=(folder / "inputs.sha256").read_text(),
        **column,
    )


def _people(folder: Path, events: pl.DataFrame) -> pl.DataFrame:
    """Everyone with an event or in need of a list, and whom they stand in for: (user_id, of), sorted."""
    wanted = pl.read_parquet(folder / "users.parquet").select("user_id")
    stand_ins = folder / "stand_ins.parquet"
    others = pl.read_parquet(stand_ins) if stand_ins.exists() else wanted.with_columns(of="user_id")
    named = pl.concat([events.select("user_id"), wanted, others.select(user_id="of")]).unique()
    themselves = named.join(others, on="user_id", how="anti").with_columns(of="user_id")
    return pl.concat([themselves, others.select("user_id", "of")]).sort("user_id")


def serve(fit: Callable[[Given, Settings], Scorer], *packages: str) -> None:
    """Answer one call of the benchmark with the lists of a peer."""

    def peer(folder: Path) -> Maker:
        given = read(folder)
        return lambda settings: pl.concat(lists(given, fit(given, settings)))

    answer(peer, "numpy", "scipy", "polars", *packages)


def answer(opened: Callable[[Path], Maker], *packages: str) -> None:
    """Lists of every setting for the cut in a folder, with seconds, peak memory and versions beside them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--given", type=Path, required=True)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    make, made, seconds = opened(options.given), [], []
    for number, settings in enumerate(options.settings):
        started = time.perf_counter()
        made.append(make(settings).with_columns(setting=pl.lit(number, pl.Int32)))
        seconds.append(time.perf_counter() - started)
    pl.concat(made).write_parquet(options.out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    versions = {name: importlib.metadata.version(name) for name in packages}
    report = {"seconds": seconds, "peak_bytes": peak, "versions": {"python": sys.version.split()[0], **versions}}
    options.out.with_suffix(".json").write_text(json.dumps(report))


def lists(given: Given, scorer: Scorer) -> Iterator[pl.DataFrame]:
    """The best items of every wanted user on each track, as (track, user_id, rank, item_id)."""
    lately = given.weight * (given.age < POPULAR_DAYS) * np.isin(given.user, given.everyone)
    popular = np.bincount(given.item, lately, len(given.items)).astype(np.float32)
    filling = popular / (popular.max() + 1) - 1
    own, warm = given.matrix(np.ones_like(given.weight)), ~given.items["cold"].to_numpy()
    for start in range(0, len(given.wanted), CHUNK):
        rows = given.wanted[start : start + CHUNK]
        scores = scorer(rows)
        scores = np.where(scores > 0, scores, filling)
        yield _ranked(given, rows, best(scores), "all")
        cold = np.where(warm, -np.inf, scores)
        scores[own[given.stands_for[rows]].nonzero()] = -np.inf
        yield _ranked(given, rows, best(scores), "new")
        yield _ranked(given, rows, best(cold), "cold")


def best(scores: Array) -> Array:
    """Numbers of the best items of each row, best first; equal scores by item id; -1 where there is none."""
    k = min(DEPTH, scores.shape[1])
    found = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    value = np.take_along_axis(scores, found, 1)
    order = np.lexsort((found, -value))
    found = np.take_along_axis(found, order, 1)
    return np.where(np.isfinite(np.take_along_axis(value, order, 1)), found, -1)


def _ranked(given: Given, rows: Array, found: Array, track: str) -> pl.DataFrame:
    row, rank = np.nonzero(found >= 0)
    users = pl.Series(given.users, dtype=pl.String)
    return pl.DataFrame(
        {
            "user_id": users.gather(rows[row]),
            "rank": (rank + 1).astype(np.int32),
            "item_id": given.items["item_id"].gather(found[row, rank]),
        }
    ).with_columns(track=pl.lit(track))
