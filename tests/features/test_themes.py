"""Users' themes by the job and the command, against sums over the log."""

import json
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable
from typer.testing import CliRunner

from lsif.cli import app
from lsif.config import Settings
from lsif.days import day_before
from lsif.tables import Tables
from tests.ranking import shop
from tests.scripts import run_job

CATEGORY = {row["item_id"]: row["category"] for row in shop.catalogue().to_pylist()}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    return partial(run_job, monkeypatch, capsys)


@pytest.fixture
def log(tables: Tables, settings: Settings) -> list[shop.Event]:
    """The made-up shop's log in the tables; one user has opted out."""
    events = shop.events(users=6, visits=20)
    shop.write_log(tables, settings, events, shop.catalogue(), [shop.DS])
    said = [{"user_id": "u003", "opt_out": True, "attributes": []}]
    users = tables.writer("users")
    users.write(shop.DS, shop.table("users", said).drop_columns("ds"))
    users.commit()
    return events


def weight(of: list[shop.Event], ds: str, user: str, theme: str, half_life: float) -> float:
    today = date.fromisoformat(ds)
    ages = [(today - day).days for who, item, day in of if who == user and day <= today and CATEGORY[item] == theme]
    return sum(2.0 ** (-age / half_life) for age in ages)


def test_long_and_short_weights_are_what_was_known_before_and_what_has_come_since(
    log: list[shop.Event], home: Path, tables: Tables, settings: Settings, run: Callable[..., str]
) -> None:
    assert "out" in run("user_interests", "--ds", shop.DS)
    rows = tables.read("user_interests", [shop.DS]).to_pylist()
    half_life = settings.interests.half_lives_days[settings.interests.row_column]
    had = {(user, CATEGORY[item]) for user, item, day in log if day <= shop.TODAY and user != "u003"}
    assert [row["user_id"] for row in rows] == sorted(row["user_id"] for row in rows)
    assert {(row["user_id"], row["theme"]) for row in rows} == had
    for row in rows:
        user, theme = row["user_id"], row["theme"]
        now = weight(log, shop.DS, user, theme, half_life)
        before = weight(log, day_before(shop.DS, 28), user, theme, half_life)
        total, total_before = (
            sum(weight(log, ds, user, one, half_life) for one in set(CATEGORY.values()))
            for ds in (shop.DS, day_before(shop.DS, 28))
        )
        assert row["long_weight"] == pytest.approx(before * 2 ** (-28 / half_life), abs=1e-5)
        assert row["long_weight"] + row["short_weight"] == pytest.approx(now, abs=1e-5)
        assert row["change"] == pytest.approx(now - before, abs=1e-5)
        assert row["share"] == pytest.approx(now / total, abs=1e-5)
        assert row["share_change"] == pytest.approx(now / total - before / total_before, abs=1e-5)
        taken = [(item, day) for who, item, day in log if who == user and CATEGORY[item] == theme and day <= shop.TODAY]
        assert (row["items"], row["last_day"]) == (len({i for i, _ in taken}), max(day for _, day in taken))
    assert "nothing to do" in run("user_interests", "--ds", shop.DS)


def test_the_command_shows_them_and_an_audience_is_one_query(
    log: list[shop.Event], home: Path, tables: Tables, run: Callable[..., str]
) -> None:
    (home / "shop.toml").write_text(
        (home / "shop.toml").read_text() + '[user_interests]\ncolumns = ["category", "title"]\nmost = 3\n'
    )
    run("user_interests", "--ds", shop.DS)
    shown = CliRunner().invoke(app, ["interests", "u001", "--ds", shop.DS, "--json"])
    rows = json.loads(shown.stdout)
    assert [row["attribute"] for row in rows] == ["category"] * 3 + ["title"] * 3
    weights = [row["long_weight"] + row["short_weight"] for row in rows]
    assert weights[:3] == sorted(weights[:3], reverse=True) and rows[0]["share"] < 1
    refused = CliRunner().invoke(app, ["interests", "u003", "--ds", shop.DS])
    assert "'u003' has no interests on ds=2017-06-30" in str(refused.exception)
    files = DeltaTable(tables.path("user_interests")).file_uris()
    audience = duckdb.execute(
        f"SELECT user_id FROM read_parquet({files}, hive_partitioning = true) WHERE attribute = 'category' "
        "AND theme = 'c1' AND share > 0.2 AND share_change > 0.05 ORDER BY share DESC"
    ).fetchall()
    assert all(user != "u003" for (user,) in audience)
