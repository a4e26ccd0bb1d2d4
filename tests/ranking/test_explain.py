"""`lsif explain-drop`: two nights of real jobs, of which one had another model or other rules."""

import json

import numpy as np
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.config import load_settings
from lsif.days import day_before
from lsif.evaluation.explain import explain
from lsif.evaluation.worth import JudgedDay, Measure
from lsif.lookup import model_of
from lsif.ranking.night import lists_at
from tests.ranking import shop
from tests.ranking.harness import Shop

pytest_plugins = ["tests.ranking.harness"]

BEFORE = day_before(shop.DS, 7)


def asked(*words: str) -> dict[str, float] | str:
    done = CliRunner().invoke(app, ["explain-drop", "--ds", shop.DS, "--against", BEFORE, "--json", *words])
    rows = json.loads(done.stdout) if done.exit_code == 0 else None
    return {row["cause"]: row["part"] for row in rows} if rows else str(done.exception)


def published(of: Shop, ds: str) -> float:
    return JudgedDay(of.tables, ds, load_settings(), MEASURE).worth(of.tables.read("recommendations", [ds])).mean()


MEASURE = Measure("for_you", "ndcg", 10)


def test_another_model_is_the_cause(champion: Shop) -> None:
    champion.night(BEFORE, "--model", "1")
    champion.night(shop.DS, "--model", "none")
    found = asked()
    assert isinstance(found, dict)
    assert found["model"] < 0 == found["rules"] == found["freshness"]
    change = published(champion, shop.DS) - published(champion, BEFORE)
    assert sum(found.values()) == pytest.approx(change, abs=1e-9)
    day = JudgedDay(champion.tables, shop.DS, load_settings(), MEASURE)
    again = day.worth(lists_at(champion.tables, shop.DS, load_settings(), model_of("1"), day.users, told=False))
    assert found["model"] == pytest.approx(published(champion, shop.DS) - again.mean(), abs=1e-9)


def test_other_rules_are_the_cause_whatever_the_rules_are_today(champion: Shop) -> None:
    champion.night(BEFORE, "--model", "1")
    file = champion.home / "shop.toml"
    plain = file.read_text()
    ruled = """for_you = { k = 12, rules = { where = "item_id like '%1'" } }"""
    file.write_text(plain.replace("for_you = { k = 12 }", ruled))
    champion.night(shop.DS, "--model", "1")
    for today in (plain, file.read_text()):
        file.write_text(today)
        found = asked()
        assert isinstance(found, dict)
        assert found["rules"] < 0 == found["model"]
        change = published(champion, shop.DS) - published(champion, BEFORE)
        assert sum(found.values()) == pytest.approx(change, abs=1e-9)


def test_a_night_that_knew_less_of_the_last_days(champion: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the newest event of the later night were a week older: so were the lists of the week before."""
    earlier = day_before(BEFORE, 7)
    champion.night(BEFORE, "--model", "1")
    champion.night(shop.DS, "--model", "1")
    monkeypatch.setattr("lsif.evaluation.explain._lag", lambda _, ds: 7 if ds == shop.DS else 0)
    settings = load_settings()
    found = explain(champion.tables, shop.DS, BEFORE, MEASURE, settings, model_of)
    of = JudgedDay(champion.tables, BEFORE, settings, MEASURE)
    stale = of.worth(lists_at(champion.tables, earlier, settings, model_of("1"), of.users, told=False))
    fresh = of.worth(champion.tables.read("recommendations", [BEFORE]))
    assert not np.array_equal(stale, fresh)
    assert found.parts["freshness"] != 0 and found.parts["model"] == found.parts["rules"] == 0
    assert sum(found.parts.values()) == pytest.approx(found.after - found.before, abs=1e-9)


def test_what_cannot_be_told_is_said_in_a_line(champion: Shop) -> None:
    assert asked() == f"no lists of {BEFORE} are published"
    assert "there is no list 'x'" in str(asked("--list", "x"))
    assert "is no metric of for_you" in str(asked("--metric", "ndcg@50"))
    done = CliRunner().invoke(app, ["explain-drop", "--ds", "2030-01-01"])
    assert "no lists of 2029-12-31 are published" in str(done.exception)


def test_the_newest_event_says_how_late_a_night_is(champion: Shop) -> None:
    from lsif.evaluation.explain import _lag

    days = champion.tables.days("events")
    newest = pc.max(champion.tables.read("events", [days[-1]])["event_time"]).as_py().date().isoformat()
    assert _lag(champion.tables, newest) == 0
    assert _lag(champion.tables, day_before(newest, -3)) == 3


def test_the_page_of_a_night_tells_the_causes(champion: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    champion.night(BEFORE, "--model", "1")
    champion.night(shop.DS, "--model", "none")
    monkeypatch.setattr("lsif.morning.moved", lambda night: [("for_you", BEFORE, shop.DS), ("gone", BEFORE, shop.DS)])
    champion.run("join_feedback")
    said = champion.run("report")
    assert "the change of gone from" in said and "is not explained: there is no list 'gone'" in said
    page = (champion.home / "reports" / f"{shop.DS}.html").read_text()
    assert "another version of the model" in page
    assert f"{published(champion, shop.DS):.3f} on" in page
