"""A day delivered again: what the ledger calls stale, and that a cascade re-makes those only, as from scratch."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from lsif.days import day_before, days_between
from lsif.registry import Registry
from lsif.stale import cascade, stale_steps
from tests.conftest import SHOP
from tests.jobs.conftest import deliver
from tests.known import known_at
from tests.ranking import shop
from tests.ranking.harness import SMALL, Shop

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.timeout(1200), pytest.mark.long]  # two worlds of three nights, and a training each

NIGHTS = [day_before(shop.DS, n) for n in (2, 1, 0)]
LATE, LAST = NIGHTS[0], NIGHTS[-1]
FIRST, IMPORTED = (shop.TODAY - timedelta(days=49)).isoformat(), day_before(LATE)
GREW = [f"late-{n},u{n:03d},i{n % 3:03d},purchase,{LATE}T12:00:00Z" for n in range(25)]
BUSY = [f"busy-{n},u{n % 30:03d},i{n % 40:03d},purchase,{NIGHTS[1]}T13:00:00Z" for n in range(120)]
"""So many on the second night that a base is due."""
TABLES = ("events", "history_tiles", "user_tiles", "item_tiles", "recent_windows", "recommendations", "metrics_daily")


def rows(ds: str) -> list[str]:
    return [
        f"{ds}-{number},{user},{item},purchase,{ds}T12:00:00Z"
        for number, (user, item, day) in enumerate(shop.events())
        if day.isoformat() == ds
    ]


class World(Shop):
    """The jobs of a night and of a training, run as Airflow would run them."""

    def night(self, ds: str, *arguments: str) -> None:
        for step in ("events_to_interests", "ingest_items", "embed_items"):
            self.run(step, *arguments, ds=ds)
        super().night(ds, *arguments)
        self.run("join_feedback", *arguments, ds=ds)

    def training(self, ds: str) -> None:
        for step in ("training_cutoffs", "embed_items", "train", "gate"):
            self.run(step, ds=ds)

    def hashes(self) -> dict[str, str]:
        return {f"{name}/{ds}": self.tables.content_hash(name, ds) for name in TABLES for ds in [IMPORTED, *NIGHTS]}

    def ran(self) -> list[tuple[str, str]]:
        lines = self.tables.read("runs").sort_by("seq").to_pylist()
        return [(line["step"], line["ds"]) for line in lines]


def world(home: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str], late: list[str]) -> World:
    """A past of seven weeks, three nights before any model, and a training."""
    home.mkdir()
    (home / "shop.toml").write_text(SHOP + SMALL)
    made = World(home, patch, capture)
    for ds in days_between(FIRST, LAST):
        deliver(home, ds, *rows(ds), *(late if ds == LATE else BUSY if ds == NIGHTS[1] else []))
    items = [f"{item['item_id']},{item['text']},{item['category']}" for item in shop.catalogue().to_pylist()]
    (home / "landing" / "items.csv").write_text("\n".join(["id,title,category", *items]) + "\n")
    made.run("ingest_items", ds=FIRST)
    made.run("import_past", "--from", FIRST, ds=IMPORTED)
    for ds in NIGHTS:
        made.night(ds)
    made.training(LAST)
    return made


def test_a_day_that_grew_and_shrank_again(
    spark: "SparkSession", tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    scratch = world(tmp_path / "scratch", monkeypatch, capsys, late=GREW)
    wanted, measured = scratch.hashes(), Registry().evaluation(Registry().version("1"))
    histories = known_at(scratch.tables, LAST, scratch.settings).histories

    made = world(tmp_path / "late", monkeypatch, capsys, late=[])
    first, first_histories = made.hashes(), known_at(made.tables, LAST, made.settings).histories
    assert first != wanted and not first_histories.equals(histories)
    assert stale_steps(made.tables) == []

    deliver(made.home, LATE, *rows(LATE), *GREW)
    made.night(LATE)
    stale = {(one.step, one.ds): one.because for one in stale_steps(made.tables)}
    for step in ("ingest_events", "recent_window"):
        assert stale[step, NIGHTS[1]] == f"events/{LATE}"
    assert {ds for _, ds in stale} == set(NIGHTS[1:])
    lists = {"recent_window", "score_users", "publish_recommendations"}
    assert {step for step, ds in stale if ds == NIGHTS[1]} >= {"history_base", *lists}
    assert {step for step, ds in stale if ds == LAST} >= {"training_cutoffs", "train", *lists}
    assert not {"ingest_items", "embed_items"} & {step for step, _ in stale}

    before = made.ran()
    assert cascade(made.tables, made.night, made.training) == 3, "two nights and a training"
    again = made.ran()[len(before) :]
    assert set(again) <= stale.keys()
    assert {("history_base", NIGHTS[1]), ("score_users", LAST), ("train", LAST)} <= set(again)
    assert made.hashes() == wanted
    assert known_at(made.tables, LAST, made.settings).histories.equals(histories)
    assert Registry().evaluation(Registry().trained_for(LAST))["comparison"] == measured["comparison"]

    deliver(made.home, LATE, *rows(LATE))
    made.night(LATE)
    cascade(made.tables, made.night, made.training)
    assert made.hashes() == first
    assert known_at(made.tables, LAST, made.settings).histories.equals(first_histories)
    assert stale_steps(made.tables) == []

    before = made.ran()
    deliver(made.home, LATE, *reversed(rows(LATE)))
    made.night(LATE)
    assert stale_steps(made.tables) == [], "the same rows once more: nothing has changed for anybody"
    assert made.ran()[len(before) :] == [("ingest_events", LATE)]
