"""`lsif what-if`: the champion's own lists, which were shown with another item in the place of every second row."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.config import load_settings
from lsif.days import day_before
from lsif.ranking.night import lists_at
from lsif.registry import Registry
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop

pytest_plugins = ["tests.ranking.harness"]

JUDGED = day_before(NEXT_DAY, -7)
"""The day on which what was shown on the day after the lists has had its seven days for answers."""


@pytest.fixture
def shown(champion: Shop) -> Shop:
    """Every row was drawn: the champion's item or another, by half and half; the champion's alone are clicked on."""
    trained = Registry(f"sqlite:///{champion.home}/mlflow.db").load("1")
    rows = lists_at(champion.tables, shop.DS, load_settings(), trained).to_pylist()
    own = np.random.default_rng(0).random(len(rows)) < 0.5
    at = datetime.fromisoformat(f"{NEXT_DAY}T10:00").replace(tzinfo=UTC)
    events: list[dict[str, Any]] = []
    for number, (row, drawn) in enumerate(zip(rows, own, strict=True)):
        place = {name: row[name] for name in ("list", "user_id", "rank")}
        said = {**place, "source": "shop", "item_id": row["item_id"] if drawn else "another", "recommended_ds": shop.DS}
        seen = {**said, "event_id": f"s{number}", "outcome": "impression", "event_time": at, "propensity": 0.5}
        events.append(seen)
        if drawn:
            later = at + timedelta(minutes=5)
            events.append({**seen, "event_id": f"c{number}", "outcome": "purchase", "event_time": later})
    put(champion, events)
    return champion


def put(of: Shop, events: list[dict[str, Any]]) -> None:
    writer = of.tables.writer("feedback")
    for ds in (day_before(NEXT_DAY, -n) for n in range(8)):
        writer.write(ds, pa.Table.from_pylist(events if ds == NEXT_DAY else [], of.tables.schema("feedback")))
    writer.commit()


def asked(version: str, *words: str, day: str = NEXT_DAY) -> str:
    done = CliRunner().invoke(app, ["what-if", version, "--from", day, "--to", day, *words])
    return done.stdout if done.exit_code == 0 else str(done.exception)


def test_rows_that_were_drawn_tell_what_the_version_would_have_earned(shown: Shop) -> None:
    found = {row["list"]: row for row in json.loads(asked("champion", "--json"))}
    assert set(found) == {"for_you", "buy_again", "discover"}
    for row in found.values():
        assert 0.4 < row["shown"] < 0.6 and row["value"] == pytest.approx(1) and row["because"] is None
        assert row["effective"] == pytest.approx(row["rows"] * row["shown"]), "half of the rows are of the version"


def test_lists_that_draw_rows_tell_of_the_version_that_made_them(champion: Shop) -> None:
    file = champion.home / "shop.toml"
    drawn = """rules = { explore = { share = 0.1, where = "item_id like '%1'" }, rotate = 0.1 }"""
    file.write_text(file.read_text().replace("for_you = { k = 12 }", f"for_you = {{ k = 12, {drawn} }}"))
    champion.night()
    at = datetime.fromisoformat(f"{NEXT_DAY}T10:00").replace(tzinfo=UTC)
    rows = champion.tables.read("recommendations", [shop.DS], filter=pc.field("list") == "for_you").to_pylist()
    names = ("list", "user_id", "rank", "item_id", "propensity")
    said = {"source": "shop", "outcome": "impression", "event_time": at, "recommended_ds": shop.DS}
    put(champion, [{**said, "event_id": str(n), **{name: row[name] for name in names}} for n, row in enumerate(rows)])
    assert {row["reason_code"] for row in rows} >= {"explored", "rotated"}
    (found,) = json.loads(asked("1", "--json"))
    assert found["because"] is None and 0.85 < found["overlap"] < 1.15


def test_what_cannot_be_told_is_said_in_a_line(shown: Shop) -> None:
    assert f"no feedback of {day_before(JUDGED, -1)}" in asked("1", day=day_before(NEXT_DAY, -1))
    assert "no version or alias '7'" in asked("7")
    feedback = shown.tables.read("feedback", [NEXT_DAY])
    writer = shown.tables.writer("feedback")
    certain = feedback.set_column(
        feedback.column_names.index("propensity"), "propensity", pa.nulls(len(feedback), pa.float64())
    )
    writer.write(NEXT_DAY, certain.drop_columns("ds"))
    writer.commit()
    assert "of what the other lists show was shown to nobody" in asked("1", "--json")
    writer = shown.tables.writer("feedback")
    writer.write(NEXT_DAY, certain.drop_columns("ds").slice(0, 0))
    writer.commit()
    assert "no source delivers impressions" in asked("1")
    reversed_days = CliRunner().invoke(app, ["what-if", "1", "--from", NEXT_DAY, "--to", shop.DS])
    assert "--from is after --to" in str(reversed_days.exception)
