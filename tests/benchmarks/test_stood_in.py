"""LSIF's own list for a stand-in is the list of a user whose events of the last days never came."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from benchmarks.quality import running
from benchmarks.quality.stand_ins import laid
from lsif.config import Settings
from lsif.days import day_before
from lsif.features.evening import Evening
from lsif.ranking.scoring import recommend
from lsif.ranking.trained import TrainedModel
from tests.ranking import shop

QUALITY = Path(running.__file__).parent
DAYS = 3


@pytest.fixture
def with_stand_ins(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A script's module, imported as the script does."""
    monkeypatch.setattr(sys, "path", [str(QUALITY), *sys.path])
    from stood_in import with_stand_ins

    return with_stand_ins


@pytest.fixture
def small(settings: Settings) -> Settings:
    return shop.small(settings)


def evening(log: list[shop.Event], settings: Settings) -> Evening:
    known = shop.known(log, settings, shop.catalogue())
    return known.evening(shop.vectors(known.items), settings)


def given(folder: Path, log: list[shop.Event]) -> Path:
    rows = [(user, item, datetime.combine(day, time(12), UTC), "purchase", 1.0) for user, item, day in log]
    events = pl.DataFrame(rows, schema=["user_id", "item_id", "event_time", "event_type", "weight"], orient="row")
    folder.mkdir()
    events.write_parquet(folder / "events.parquet")
    events.select("user_id").unique().sort("user_id").write_parquet(folder / "users.parquet")
    pl.DataFrame({"item_id": events["item_id"].unique().sort()}).write_parquet(folder / "items.parquet")
    (folder / "cut.json").write_text(json.dumps({"cut": shop.DS, "end": day_before(shop.DS, -1), "horizon": 7}))
    return laid(folder, 7)


def lists(model: TrainedModel, at: Evening, settings: Settings, user: str) -> list[tuple[Any, ...]]:
    rows = recommend(model, at, settings, [user])
    return [(row["list"], row["rank"], row["item_id"], row["score"], row["long_part"]) for row in rows.to_pylist()]


def test_lists_of_stand_ins(with_stand_ins: Any, small: Settings, tmp_path: Path) -> None:
    log = shop.events()
    known = shop.known(log, small, shop.catalogue())
    model = shop.trained(known, shop.vectors(known.items), small)
    whole = evening(log, small)
    folder = given(tmp_path / "given", log)
    stood = with_stand_ins(whole, folder, small)
    people = pl.read_parquet(folder / "stand_ins.parquet")
    assert stood.people.ids == people["user_id"].sort().to_arrow().cast(pa.string())
    since = day_before(shop.DS, DAYS - 1)
    changed = 0
    for user in people.filter(how="last", days=DAYS)["of"].head(5):
        own = lists(model, whole, small, user)
        assert lists(model, stood, small, f"{user}|whole|0") == own
        without = evening([event for event in log if event[0] != user or f"{event[2]}" < since], small)
        expected = lists(model, replace(whole, people=without.people, earlier=without.earlier), small, user)
        assert lists(model, stood, small, f"{user}|last|{DAYS}") == expected
        changed += expected != own
    assert changed


def test_of_whom_nothing_is_left_gets_what_is_popular(with_stand_ins: Any, small: Settings, tmp_path: Path) -> None:
    log = [*shop.events(), ("u999", "i001", shop.TODAY)]
    known = shop.known(log, small, shop.catalogue())
    model = shop.trained(known, shop.vectors(known.items), small)
    stood = with_stand_ins(evening(log, small), given(tmp_path / "given", log), small)
    rows = recommend(model, stood, small, ["u999|last|1"])
    assert rows.num_rows and set(rows["generator"].to_pylist()) == {"popular"}
