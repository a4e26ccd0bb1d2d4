"""What a peer is given and the lists it makes, on a log small enough to count by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

EVENTS = [
    ("u", "a", "2020-01-30 10:00:00"),
    ("u", "a", "2020-01-31 10:00:00"),
    ("u", "b", "2020-01-31 10:00:00"),
    ("v", "b", "2020-01-01 10:00:00"),
    ("v", "c", "2020-01-01 10:00:00"),
    ("w", "c", "2020-01-31 10:00:00"),
]


@pytest.fixture
def given(peer: Any, tmp_path: Path) -> Any:
    events = pl.DataFrame(EVENTS, schema=["user_id", "item_id", "event_time"], orient="row").with_columns(
        pl.col("event_time").str.to_datetime(time_zone="UTC"), weight=pl.lit(1.0)
    )
    events.write_parquet(tmp_path / "events.parquet")
    items = pl.DataFrame({"item_id": ["a", "b", "c", "d"], "cold": [False, False, False, True]})
    items.write_parquet(tmp_path / "items.parquet")
    pl.DataFrame({"user_id": ["u", "v"]}).write_parquet(tmp_path / "users.parquet")
    (tmp_path / "cut.json").write_text(json.dumps({"cut": "2020-01-31", "end": "2020-02-01", "horizon": 7}))
    (tmp_path / "inputs.sha256").write_text("0")
    return peer("kit").read(tmp_path)


def test_lines_of_one_time_are_one_basket(given: Any) -> None:
    assert given.baskets.tolist() == [2, 1, 1]
    assert given.wanted.tolist() == [0, 1]


def test_frequency_decays_by_half_every_half_life(peer: Any, given: Any) -> None:
    scores = peer("frequency").fit(given, {"half_life": 1})(np.array([0]))[0]
    newest = 2.0 ** -(14 / 24)
    assert scores == pytest.approx([newest * 1.5, newest, 0, 0], rel=1e-5)


def test_popularity_counts_the_last_days_only(peer: Any, given: Any) -> None:
    scores = peer("popularity").fit(given, {"days": 7})(np.array([0, 1]))
    assert scores.tolist() == [[2, 1, 1, 0], [2, 1, 1, 0]]


def test_lists_of_each_track(peer: Any, given: Any) -> None:
    kit = peer("kit")
    rows = pl.concat(list(kit.lists(given, peer("frequency").fit(given, {"half_life": None}))))
    found = {
        (user, track): part.sort("rank")["item_id"].to_list()
        for (user, track), part in rows.group_by("user_id", "track")
    }
    assert found["u", "all"] == ["a", "b", "c", "d"]  # own items by count, then popular ones
    assert found["u", "new"] == ["c", "d"]
    assert found["u", "cold"] == ["d"]
    assert found["v", "new"] == ["a", "d"]


def test_neighbours_bring_in_what_they_take(peer: Any, given: Any) -> None:
    upcf = peer("upcf").fit(given, {"baskets": 5, "half_life": None, "asymmetry": 0.5, "locality": 1})(np.array([0]))[0]
    assert upcf[0] > upcf[1] > upcf[2] > 0
    assert upcf[3] == 0
    settings = {"groups": 2, "within": 1.0, "across": 1.0, "neighbours": 1, "alpha": 0.5}
    tifu = peer("tifuknn").fit(given, settings)(np.array([0]))[0]
    assert tifu[0] == pytest.approx(0.5)  # in both baskets: a frequency of one, half of it one's own


def test_a_basket_of_a_later_group_weighs_more(peer: Any, given: Any) -> None:
    settings = {"groups": 2, "within": 1.0, "across": 0.5, "neighbours": 1, "alpha": 1.0}
    vectors = peer("tifuknn").fit(given, settings)(np.array([0]))[0]
    assert vectors[:2] == pytest.approx([0.75, 0.5])


def test_sessions_bring_in_what_was_taken_beside_the_last_event(peer: Any, given: Any) -> None:
    """User w took c alone; of v, whose session holds b and c, comes b, the less the longer ago that was."""
    settings = {"neighbours": 10, "half_life": 4, "decay": 0.8}
    scores = peer("sessions").fit(given, settings)(np.array([2]))[0]
    assert scores[1] > 0 and scores[2] > scores[1] and not scores[[0, 3]].any()
    slower = peer("sessions").fit(given, {**settings, "half_life": 16})(np.array([2]))[0]
    assert slower[1] > scores[1]


def test_only_the_last_events_ask_and_the_newest_most(peer: Any, given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = peer("sessions")
    assert sessions.last_events(given, 0.5).toarray()[0].tolist() == [1.5, 1, 0, 0]
    monkeypatch.setattr(sessions, "LAST", 1)
    assert sessions.last_events(given, 0.5).toarray()[0].tolist() == [1, 1, 0, 0]


def test_ease_equals_its_closed_form(peer: Any, given: Any) -> None:
    scores = peer("ease").fit(given, {"half_life": None, "items": 10, "penalty": 1.0})(np.array([0, 1, 2]))
    counts = np.array([[2.0, 1, 0], [0, 1, 1], [0, 0, 1]])
    inverse = np.linalg.inv(counts.T @ counts + np.eye(3))
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    assert scores[:, :3] == pytest.approx(counts @ weights, abs=1e-5)
    assert not scores[:, 3].any()
