"""Tiles, windows and histories by Spark, row by row against plain pandas on a log of hard cases and random ones."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest

from lsif.interests.history import HistorySettings
from lsif.interests.long_term import histories, history_tiles, item_tiles, user_tiles
from lsif.interests.recent import recent_windows
from tests.interests import log, reference

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CASES = [*log.hard_cases(), *log.random_cases(seed=1), *log.random_cases(seed=2, events=30, users=20)]
EVENTS = log.as_pandas(CASES)
DATES = ["2017-03-01", "2017-03-11", "2017-03-12", "2017-03-13", "2017-04-20"]
SETTINGS = HistorySettings(log.HALF_LIVES, log.LAST_DAYS)


@pytest.fixture(scope="module")
def events(spark: "SparkSession") -> Iterator["DataFrame"]:
    frame = spark.createDataFrame(log.as_arrow(CASES)).repartition(3, "item_id").cache()
    yield frame
    frame.unpersist()


@pytest.fixture(scope="module")
def tiles(events: "DataFrame") -> pa.Table:
    return history_tiles(events).toArrow()


def of(table: pa.Table, ds: str, *keys: str) -> list[dict[str, Any]]:
    """Rows of one day by key; sums of a few weights are equal in any order to far more digits than are kept here."""
    rows = table.filter(pa.compute.field("ds") == ds).drop_columns("ds").to_pylist()
    return sorted(rows, key=lambda row: [row[key] for key in keys])


def by(rows: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [row[key] for key in keys])


def test_history_tiles(tiles: pa.Table) -> None:
    days = log.days_of(CASES)
    assert set(tiles["ds"].to_pylist()) <= set(days)
    for ds in days:
        wanted = by(reference.history_tiles(EVENTS, ds), "user_id", "item_id")
        for row in wanted:
            row["days"] = [{**entry, "weight": pytest.approx(entry["weight"], abs=1e-9)} for entry in row["days"]]
        assert of(tiles, ds, "user_id", "item_id") == wanted, ds


def test_user_and_item_tiles(events: "DataFrame") -> None:
    users, items = user_tiles(events).toArrow(), item_tiles(events).toArrow()
    for ds in log.days_of(CASES):
        assert of(users, ds, "user_id") == by(reference.user_tiles(EVENTS, ds), "user_id"), ds
        wanted = [{**row, "weight": pytest.approx(row["weight"], abs=1e-9)} for row in reference.item_tiles(EVENTS, ds)]
        assert of(items, ds, "item_id") == by(wanted, "item_id"), ds


@pytest.mark.parametrize(("recent_days", "window_events"), [(7, 64), (7, 2), (1, 3), (28, 5)])
def test_recent_windows(events: "DataFrame", recent_days: int, window_events: int) -> None:
    made = recent_windows(events, DATES, recent_days, window_events).toArrow()
    assert len(made) > 10
    for ds in DATES:
        wanted = by(reference.windows(EVENTS, ds, recent_days, window_events), "user_id")
        assert of(made, ds, "user_id") == wanted, ds


def test_one_window_by_hand(events: "DataFrame") -> None:
    made = of(recent_windows(events, ["2017-03-12"], 7, 4).toArrow(), "2017-03-12", "user_id")
    told = {
        row["user_id"]: [(e["item_id"], e["event_type"], f"{e['event_time']:%d %H:%M:%S}") for e in row["events"]]
        for row in made
    }
    assert told["u1"] == [
        ("007", "purchase", "12 10:00:00"),
        ("007", "purchase", "12 10:00:00"),
        ("7", "purchase", "12 10:00:00"),
        ("é", "purchase", "12 10:00:00"),
    ]
    assert told["u2"] == [("item ", "purchase", "12 06:59:59"), ("item ", "purchase", "12 07:00:00")]
    assert told["u3"] == [("z", "purchase", "06 00:00:00"), ("7", "purchase", "10 12:00:00")]
    assert told["u4"] == [("7", "search", "12 09:10:00"), ("7", "browse", "12 09:30:00")]
    assert told["u5"] == []
    assert "u6" not in told
    asked = {row["user_id"]: [(e["query"], f"{e['event_time']:%H:%M}") for e in row["searches"]] for row in made}
    assert asked["u4"] == [("a seven", "09:00"), ("seven", "09:00"), ("seven", "09:10")]
    assert (asked["u5"], asked["u1"]) == ([("letters", "09:00")], [])


def close(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reference rows whose decayed weights may differ by rounding."""

    def loose(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**part, "weights": pytest.approx(part["weights"], rel=1e-9)} for part in parts]

    return [{**row, "items": loose(row["items"]), "categories": loose(row["categories"])} for row in rows]


def test_histories(spark: "SparkSession", tiles: pa.Table) -> None:
    nothing = spark.createDataFrame(log.no_histories())
    made = histories(nothing, spark.createDataFrame(tiles), log.CATALOGUE, DATES, SETTINGS).toArrow()
    for ds in DATES:
        wanted = reference.histories(EVENTS, ds, log.CATEGORY, log.HALF_LIVES, log.LAST_DAYS)
        assert of(made, ds, "user_id") == close(by(wanted, "user_id")), ds


def test_histories_go_on_from_a_base(spark: "SparkSession", tiles: pa.Table) -> None:
    frame, (base_day, ds) = spark.createDataFrame(tiles), ("2017-03-11", "2017-04-20")
    base = histories(spark.createDataFrame(log.no_histories()), frame, log.CATALOGUE, [base_day], SETTINGS)
    after = frame.where(frame.ds > base_day)
    made = histories(base, after, log.CATALOGUE, [ds], SETTINGS).toArrow()
    wanted = reference.histories(EVENTS, ds, log.CATEGORY, log.HALF_LIVES, log.LAST_DAYS)
    assert of(made, ds, "user_id") == close(by(wanted, "user_id"))


def test_nothing_that_arrived_later_enters(spark: "SparkSession", events: "DataFrame") -> None:
    ds = "2017-03-12"
    later = EVENTS[EVENTS["ds"] > ds]
    assert (later["event_time"].dt.date <= reference.day(ds)).any(), "the log must hold events that arrive late"
    known = spark.createDataFrame(log.as_arrow([row for row in CASES if row["ds"] <= ds]))
    told, all_told = (recent_windows(frame, [ds], 28, 64).toArrow() for frame in (known, events))
    assert of(told, ds, "user_id") == of(all_told, ds, "user_id")


def test_the_fixture_holds_its_hard_cases() -> None:
    assert isinstance(EVENTS, pd.DataFrame)
    assert EVENTS.duplicated(["user_id", "event_time"]).sum() > 20
    assert (pd.to_datetime(EVENTS["ds"]).dt.date > EVENTS["event_time"].dt.date).sum() > 20
