"""Which events answer which list: by when they happened, whenever they came."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lsif.evaluation.feedback import answers, event_days, in_force
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

LISTS = [
    ("2024-03-01", "for_you", 1, "ann", "milk", "r1"),
    ("2024-03-01", "discover", 2, "ann", "milk", "r2"),
    ("2024-03-02", "for_you", 3, "ann", "milk", "r3"),
    ("2024-03-02", None, 1, "bob", "tea", "r4"),
]


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name]))


def event(number: str, user: str, item: str | None, time: str, **more: Any) -> dict[str, Any]:
    at = datetime.fromisoformat(time).replace(tzinfo=UTC)
    own = {"event_id": number, "user_id": user, "item_id": item, "event_type": "purchase", "event_time": at}
    return {"source": "shop", "weight": 1.0, "ds": "2024-03-04", **own, **more}


def found(*events: dict[str, Any], seen: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
    keys = ("ds", "list", "rank", "user_id", "item_id", "recommendation_id")
    lists = table("recommendations", [dict(zip(keys, row, strict=True)) for row in LISTS])
    arrived = table("events", list(events))
    force = in_force(event_days(arrived), ["2024-03-01", "2024-03-02"]) if seen is None else seen
    columns = ("source", "event_id", "list", "recommended_ds", "rank", "recommendation_id", "outcome")
    return [tuple(row[c] for c in columns) for row in answers(arrived, lists, force).to_pylist()]


def test_a_list_is_in_force_from_the_day_after_until_the_next() -> None:
    assert in_force(["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-09"], ["2024-03-01", "2024-03-05"]) == {
        "2024-03-02": "2024-03-01",
        "2024-03-03": "2024-03-01",
        "2024-03-09": "2024-03-05",
    }


def test_a_late_event_answers_each_list_that_was_in_force_when_it_happened() -> None:
    assert found(event("1", "ann", "milk", "2024-03-02T23:50")) == [
        ("shop", "1", "discover", "2024-03-01", 2, "r2", "purchase"),
        ("shop", "1", "for_you", "2024-03-01", 1, "r1", "purchase"),
    ]
    assert found(event("1", "ann", "milk", "2024-03-03T00:00")) == [
        ("shop", "1", "for_you", "2024-03-02", 3, "r3", "purchase")
    ]


def test_an_event_that_names_a_recommendation_answers_that_one_only() -> None:
    named = event("1", "ann", "milk", "2024-03-03T10:00", recommendation_id="r2")
    assert found(named) == [("shop", "1", "discover", "2024-03-01", 2, "r2", "purchase")]
    strange = event("1", "ann", "milk", "2024-03-03T10:00", recommendation_id="none of ours")
    assert [row[5] for row in found(strange)] == ["r3"], "a name nobody knows is none"


def test_what_answers_nothing_is_no_feedback() -> None:
    others = [
        event("1", "ann", "milk", "2024-03-01T10:00"),  # before the first list
        event("2", "ann", "tea", "2024-03-03T10:00"),
        event("3", "bob", "milk", "2024-03-03T10:00"),
        event("4", "ann", "milk", "2024-03-03T10:00", weight=0.0),
        event("5", "ann", None, "2024-03-03T10:00"),
    ]
    assert found(*others) == []


def test_rows_of_before_sources_and_lists_had_names_are_told_apart_too() -> None:
    assert found(event("1", "bob", "tea", "2024-03-03T10:00", source=None)) == [
        ("", "1", "for_you", "2024-03-02", 1, "r4", "purchase")
    ]
