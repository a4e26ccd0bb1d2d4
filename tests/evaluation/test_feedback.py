"""Which events show and answer which list: by when they happened, whenever they came."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lsif.engine import engine
from lsif.evaluation.feedback import Answers, list_days
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

LISTS = [
    ("2024-03-01", "for_you", 1, "ann", "milk", "r1"),
    ("2024-03-01", "discover", 2, "ann", "milk", "r2"),
    ("2024-03-02", "for_you", 3, "ann", "milk", "r3"),
    ("2024-03-02", None, 1, "bob", "tea", "r4"),
]
DISCOVER = ("shop", "1", "discover", "2024-03-01", 2, "r2", "purchase")


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name]))


def event(number: str, user: str, item: str | None, time: str, **more: Any) -> dict[str, Any]:
    at = datetime.fromisoformat(time).replace(tzinfo=UTC)
    own = {"event_id": number, "user_id": user, "item_id": item, "event_type": "purchase", "event_time": at}
    return {"source": "shop", "weight": 1.0, "ds": "2024-03-04", **own, **more}


def joined(*events: dict[str, Any], window_days: int = 7) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `feedback` and of `metrics_daily`."""
    keys = ("ds", "list", "rank", "user_id", "item_id", "recommendation_id")
    lists = table("recommendations", [{**dict(zip(keys, row, strict=True)), "model_version": "7"} for row in LISTS])
    with engine() as sql:
        answers = Answers(sql, table("events", list(events)), lists, ["return"], window_days)
        schema = arrow_schema(TABLES["feedback"], with_ds=False)
        return pa.Table.from_batches(answers.rows(), schema).to_pylist(), answers.counts().to_pylist()


def found(*events: dict[str, Any], window_days: int = 7) -> list[tuple[Any, ...]]:
    columns = ("source", "event_id", "list", "recommended_ds", "rank", "recommendation_id", "outcome")
    return [tuple(row[c] for c in columns) for row in joined(*events, window_days=window_days)[0]]


def counted(*events: dict[str, Any]) -> dict[tuple[str, str, str], tuple[float, int]]:
    return {(row["list"], row["metric"], row["segment"]): (row["value"], row["n"]) for row in joined(*events)[1]}


def test_a_late_event_answers_each_list_that_was_in_force_when_it_happened() -> None:
    assert found(event("1", "ann", "milk", "2024-03-02T23:50")) == [
        DISCOVER,
        ("shop", "1", "for_you", "2024-03-01", 1, "r1", "purchase"),
    ]


def test_a_list_that_no_longer_shows_the_item_is_answered_within_the_window() -> None:
    newer = ("shop", "1", "for_you", "2024-03-02", 3, "r3", "purchase")
    at = event("1", "ann", "milk", "2024-03-03T00:00")
    assert found(at) == [DISCOVER, newer], "of one list the newest"
    assert found(at, window_days=1) == [newer]
    assert found(event("1", "ann", "milk", "2024-03-09T23:59")) == [newer]
    assert found(event("1", "ann", "milk", "2024-03-10T00:00")) == []


def test_an_event_that_names_a_recommendation_answers_that_one_only() -> None:
    named = event("1", "ann", "milk", "2024-03-03T10:00", recommendation_id="r2")
    assert found(named) == [DISCOVER]
    assert found({**named, "user_id": "who knows"}) == [DISCOVER], "as from a mail, without a login"
    strange = event("1", "ann", "milk", "2024-03-03T10:00", recommendation_id="none of ours")
    assert [row[5] for row in found(strange)] == ["r2", "r3"], "a name nobody knows is none"
    late = event("2", "eve", "milk", "2024-03-02T10:00")  # another day of lists is read for it
    assert [row[5] for row in found(named, late, window_days=1)] == ["r3"], "nor is one from before the window"


def test_an_event_that_names_a_list_answers_that_list_only() -> None:
    assert found(event("1", "ann", "milk", "2024-03-02T10:00", list="discover")) == [DISCOVER]
    assert found(event("1", "ann", "milk", "2024-03-02T10:00", list="none of ours")) == []


def test_what_answers_nothing_is_counted_and_what_was_no_answer_is_not() -> None:
    others = [
        event("1", "ann", "milk", "2024-03-01T10:00"),  # before the first list
        event("2", "ann", "tea", "2024-03-03T10:00"),
        event("3", "bob", "milk", "2024-03-03T10:00"),
        event("4", "ann", "milk", "2024-03-03T10:00", weight=0.0),
        event("5", "ann", None, "2024-03-03T10:00"),
    ]
    assert found(*others) == []
    assert counted(*others) == {("*", "unmatched", "outcome=purchase"): (3, 3)}
    assert joined() == ([], [])


def test_an_event_without_a_name_counts_once_for_each_list_and_once_in_all() -> None:
    seen = event("1", "ann", "milk", "2024-03-02T10:00", event_type="impression", weight=0.0)
    back = event("2", "ann", "milk", "2024-03-02T11:00", event_type="return", weight=0.0, value=3.0)
    assert [(row[1], row[2], row[6]) for row in found(seen, back)] == [
        ("1", "discover", "impression"),
        ("1", "for_you", "impression"),
        ("2", "discover", "return"),
        ("2", "for_you", "return"),
    ]
    assert counted(seen, back) == {
        (name, "matched", f"outcome={outcome}"): (1, 1)
        for name in ("for_you", "discover", "*")
        for outcome in ("impression", "return")
    }
    assert {(row["model_version"], row["value"]) for row in joined(back)[0]} == {("7", 3.0)}


def test_rows_of_before_sources_and_lists_had_names_are_told_apart_too() -> None:
    assert found(event("1", "bob", "tea", "2024-03-03T10:00", source=None)) == [
        ("", "1", "for_you", "2024-03-02", 1, "r4", "purchase")
    ]


def test_the_days_of_lists_that_may_be_answered() -> None:
    arrived = table("events", [event("1", "ann", "milk", f"2024-03-0{day}T10:00") for day in (4, 3)])
    assert list_days(arrived, "2024-03-04", 2) == ["2024-03-01", "2024-03-02", "2024-03-03"]
    assert list_days(arrived.slice(2), "2024-03-04", 1) == ["2024-03-03"]
