"""Who stands in for a user lacks the last days, or as many events by chance; nobody learns from stand-ins."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.quality.freshness import _compared
from benchmarks.quality.stand_ins import laid, stand_ins
from tests.benchmarks.test_peers import given

__all__ = ["given"]


@pytest.fixture
def events() -> pl.DataFrame:
    """User u did ten things, three of them in the last day and five in the last week; v did one, long ago."""
    ages = [0.1, 0.2, 0.3, 5.0, 6.0, 20.0, 21.0, 40.0, 41.0, 42.0]
    rows = [("u", f"i{n}", age) for n, age in enumerate(ages)] + [("v", "i0", 50.0)]
    return pl.DataFrame(rows, schema=["user_id", "item_id", "age"], orient="row")


def test_as_many_events_are_missing_at_random_as_of_the_last_days(events: pl.DataFrame) -> None:
    people, theirs = stand_ins(events, ["u", "v"])
    left = {name: rows["item_id"].to_list() for (name,), rows in theirs.group_by("user_id", maintain_order=True)}
    assert left["u|whole|0"] == events.filter(user_id="u")["item_id"].to_list()
    assert left["u|last|1"] == [f"i{n}" for n in range(3, 10)]
    assert left["u|last|7"] == [f"i{n}" for n in range(5, 10)]
    assert (len(left["u|random|1"]), len(left["u|random|7"])) == (7, 5)
    assert left["u|random|1"] != left["u|last|1"]
    assert {name for name in left if name.startswith("v")} == {"v|whole|0"}, "v did nothing in four weeks"
    assert people.filter(user_id="u|random|7").rows() == [("u|random|7", "u", "random", 7)]


def test_who_has_nothing_left_still_stands_in(events: pl.DataFrame) -> None:
    people, theirs = stand_ins(events.filter(pl.col("age") < 1), ["u"])
    assert {"u|last|28", "u|random|28"} <= set(people["user_id"])
    assert theirs["user_id"].unique().to_list() == ["u|whole|0"]


@pytest.fixture
def busy(peer: Any, given: Any) -> Any:
    """The little log, in which w takes c twice more: it is the most popular item, unless stand-ins count."""
    events = pl.read_parquet(given.folder / "events.parquet")
    again = [events.filter(user_id="w").with_columns(pl.col("event_time") - timedelta(days=n)) for n in (1, 2)]
    pl.concat([events, *again]).write_parquet(given.folder / "events.parquet")
    return peer("kit").read(given.folder)


@pytest.fixture
def stood(busy: Any) -> Path:
    return laid(busy.folder, 7)


def test_who_did_nothing_lately_has_no_stand_in(stood: Path) -> None:
    assert set(pl.read_parquet(stood / "stand_ins.parquet")["of"]) == {"u"}, "v came a month ago, w needs no list"


def test_a_peer_learns_nothing_from_stand_ins(peer: Any, busy: Any, stood: Path) -> None:
    kit, frequency = peer("kit"), peer("frequency")
    with_them = kit.read(stood)
    assert [with_them.users[n] for n in with_them.everyone] == ["u", "v", "w"]
    before, after = (pl.concat(kit.lists(one, frequency.fit(one, {"half_life": None}))) for one in (busy, with_them))
    whole = after.filter(user_id="u|whole|0").drop("user_id")
    assert whole.equals(before.filter(user_id="u").drop("user_id")), "the user's own lists, filled up alike"
    lacking = after.filter(user_id="u|last|3", track="all").sort("rank")["item_id"].to_list()
    assert lacking == ["c", "a", "b", "d"], "nothing is left: what is popular"
    new = after.filter(user_id="u|last|3", track="new").sort("rank")["item_id"].to_list()
    assert new == ["c", "d"], "new to the user, not to the stand-in"


def test_what_is_lost_is_counted_by_user_and_cut() -> None:
    """User a loses .4 without the last day and .1 without as many events at random; b did nothing in it."""

    def cut(last: float) -> pl.DataFrame:
        rows = [("a", "whole", 0, 0.5), ("a", "last", 1, last), ("a", "random", 1, 0.4), ("b", "whole", 0, 0.3)]
        return pl.DataFrame(rows, schema=["of", "how", "days", "value"], orient="row")

    found = [row for row in _compared({"ours": [cut(0.1)], "counts": [cut(0.3)]}) if row["days"] == 1]
    assert [(row["list"], row["judged"]) for row in found] == [("ours", 2), ("counts", 2), ("ours beyond counts", 2)]
    for row, expected in zip(found, ([0.4, 0.2, 0.05, 0.15], [0.4, 0.1, 0.05, 0.05]), strict=False):
        assert [row[key] for key in ("whole", "lost", "lost_at_random", "surplus")] == pytest.approx(expected)
    assert found[2]["surplus"] == pytest.approx(0.1)
