"""LSIF's lists at a cut: trained as jobs/train.py trains, recommended by the one scoring path of the night.

    python benchmarks/quality/ours.py --given FOLDER --settings '[{"seed": 1}]' --out lists.parquet

The call is a peer's. Nothing but the tables of LSIF_HOME is read, and of them only what was known at the cut.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from ablated import USER, without
from peers.kit import Maker, answer
from stood_in import STAND_INS, with_stand_ins

from lsif.config import Settings, load_settings
from lsif.features.evening import Evening, People, evening
from lsif.features.known import Users
from lsif.learning.cutoffs import cutoffs
from lsif.learning.lessons import Lessons, learned, lessons
from lsif.ranked_list import RankedList
from lsif.ranking.scoring import Night, recommend
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables

DEPTH, DEEP = 20, 60
"""Rows of a list that are judged, and rows asked for first where all that a user ever did is then taken out."""


def opened(given: Path) -> Maker:
    """Lists of LSIF at the cut in `given`, for settings as `overridden` takes them; seeds share what they read."""
    settings, cut = load_settings(), json.loads((given / "cut.json").read_text())["cut"]
    evenings = Evenings(cut)
    models: dict[str, TrainedModel] = {}
    read: dict[str, Lessons] = {}

    def trained(own: Settings) -> TrainedModel:
        """The version that the weekly training of the cut would register."""
        tables, seedless = Tables(own.tables), overridden(own, {"seed": 0}).fingerprint()
        at = cutoffs(cut, own.training, min(tables.days("events")))
        found = read.get(seedless) or read.setdefault(seedless, lessons(tables, at, own))
        made = learned(found, own, lambda line, done: print(f"  {cut} {done:4.0%} {line}", flush=True))
        return TrainedModel(made.model, made.index, "benchmark", own.interests, at.trained_through)

    def made(chosen: dict[str, Any]) -> pl.DataFrame:
        part = chosen.get("without")
        own = overridden(settings, {key: value for key, value in chosen.items() if key != "without"})
        whole = models.get(own.fingerprint()) or models.setdefault(own.fingerprint(), trained(own))
        model = replace(whole, model=without(whole.model, part)) if part and part != USER else whole
        lists = Lists(evenings.of(own, model.index.text_encoder), own, model, given)
        return lists.to_nobody() if part == USER else lists.tracks()

    return made


def overridden(settings: Settings, chosen: dict[str, Any]) -> Settings:
    """Settings with a seed, or with keys of a section as `{"model.fusion": "convex"}`, checked as the file's are."""
    raw = settings.model_dump(mode="python", by_alias=True, exclude_unset=True)  # a default may not go with the rest
    for key, value in chosen.items():
        section, _, name = key.rpartition(".")
        raw.setdefault(section or "training", {})[name] = value
    return Settings.model_validate(raw)


class Held:
    """Users who are read once, however many lists they get."""

    def __init__(self, people: People) -> None:
        self.ids, self._people = people.ids, people
        self._blocks: dict[tuple[str, ...], list[Users]] = {}

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        asked = tuple(ids.to_pylist())
        if asked not in self._blocks:
            self._blocks[asked] = list(self._people.blocks(ids))
        return iter(self._blocks[asked])


class Evenings:
    """The evening of the cut, opened once for all settings that know the same of it."""

    def __init__(self, cut: str) -> None:
        self.cut = cut
        self._opened: dict[tuple[str, str], Evening] = {}

    def of(self, settings: Settings, encoder: str) -> Evening:
        known = (settings.only({"interests"}).fingerprint(), encoder)
        if known not in self._opened:
            at = evening(Tables(settings.tables), self.cut, settings, encoder)
            self._opened[known] = replace(at, people=Held(at.people), earlier=Held(at.earlier))
        return self._opened[known]


class Lists:
    """One evening, one model, and its lists on each track."""

    def __init__(self, read: Evening, settings: Settings, model: TrainedModel, given: Path) -> None:
        self.model, self.settings, self.read = model, settings, with_stand_ins(read, given, settings)
        self.users = pl.read_parquet(given / "users.parquet")["user_id"].to_list()
        self.own = _own(given)
        self.cold = pl.read_parquet(given / "items.parquet").filter("cold")["item_id"].to_arrow()

    def tracks(self) -> pl.DataFrame:
        everything = self.best(self.users, {"all": RankedList(k=DEPTH), "new": RankedList(items="new", k=DEEP)})
        of_all, of_new = (everything.filter(pl.col("list") == name) for name in ("all", "new"))
        lists = {"all": of_all, "new": self.new_to_the_user(of_new), "cold": self.cold_only()}
        columns = ("user_id", "rank", "item_id")
        kept = {track: rows.filter(pl.col("rank") <= DEPTH).select(columns) for track, rows in lists.items()}
        return pl.concat([rows.with_columns(track=pl.lit(track)) for track, rows in kept.items()])

    def to_nobody(self) -> pl.DataFrame:
        """The same tracks as if nothing were known of anyone: one order for all, but for what each has had."""
        night = Night(self.model, self.read, self.settings)
        score = pl.DataFrame({"item_id": night.index.item_ids, "score": night.nobody})
        order = score.filter(pl.col("score").is_finite()).sort("score", "item_id", descending=[True, False])
        users, had = pl.DataFrame({"user_id": self.users}), self.own.group_by("user_id").len()["len"].max()
        everybody = users.join(order.head(DEPTH + int(had or 0)).select("item_id"), how="cross")
        cold = order.join(pl.DataFrame({"item_id": self.cold}), on="item_id", how="semi", maintain_order="left")
        lists = {
            "all": everybody,
            "new": everybody.join(self.own, on=["user_id", "item_id"], how="anti", maintain_order="left"),
            "cold": users.join(cold.select("item_id"), how="cross"),
        }
        rank = (pl.int_range(pl.len()).over("user_id") + 1).cast(pl.Int32).alias("rank")
        ranked = [rows.select("user_id", rank, "item_id", track=pl.lit(track)) for track, rows in lists.items()]
        return pl.concat(ranked).filter(pl.col("rank") <= DEPTH)

    def best(
        self,
        users: list[str],
        lists: dict[str, RankedList],
        available: Callable[[pa.Table], pa.Table] = lambda items: items,
    ) -> Any:
        """The night's lists, from a catalogue that may be narrowed."""
        own = self.settings.model_copy(update={"lists": lists})
        at = replace(self.read, items=available(self.read.items))
        return pl.DataFrame(recommend(self.model, at, own, users))

    def new_to_the_user(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Lists without what the user had; asked for ever deeper for users who had nearly everything in theirs."""
        new, depth, items = self._without_own(rows), DEEP, len(self.read.items)
        while depth < items:
            counts = pl.DataFrame({"user_id": self.users}).join(new.group_by("user_id").len(), on="user_id", how="left")
            short = counts.filter(pl.col("len").fill_null(0) < DEPTH)["user_id"]
            if short.is_empty():
                break
            depth = min(4 * depth, items)
            deeper = self._without_own(self.best(short.to_list(), {"new": RankedList(items="new", k=depth)}))
            new = pl.concat([new.filter(~pl.col("user_id").is_in(short.implode())), deeper])
        return new

    def _without_own(self, rows: pl.DataFrame) -> pl.DataFrame:
        new = rows.join(self.own, on=["user_id", "item_id"], how="anti")
        return new.with_columns(rank=pl.col("rank").rank("ordinal").over("user_id").cast(pl.Int32))

    def cold_only(self) -> pl.DataFrame:
        def narrowed(items: pa.Table) -> pa.Table:
            open_to_all = pc.and_(
                pc.is_in(items["item_id"], value_set=self.cold), pc.fill_null(items["available"], True)
            )
            return items.set_column(items.column_names.index("available"), "available", open_to_all)

        return self.best(self.users, {"all": RankedList(k=DEPTH)}, narrowed)


def _own(given: Path) -> pl.DataFrame:
    """(user_id, item_id) that users, and the users whom they stand in for, had."""
    own = pl.read_parquet(given / "events.parquet", columns=["user_id", "item_id"]).unique()
    if not (given / STAND_INS).exists():
        return own
    people = pl.read_parquet(given / STAND_INS).select("user_id", "of")
    return people.join(own, left_on="of", right_on="user_id").select("user_id", "item_id")


if __name__ == "__main__":
    answer(opened, "torch", "numpy", "pyarrow")
