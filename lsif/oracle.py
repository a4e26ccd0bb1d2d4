"""What tables must say of one user at the end of a day, counted again from that user's events in plain Python.

Slow, short, and of one event at a time: neither Spark nor arrays nor merged tiles, so that a fault of theirs is seen
beside it. The definitions are those of `docs/interests.md`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from lsif.outcomes import IMPRESSION

Event = Mapping[str, Any]
"""A row of `events` with its `ds`."""
CLOSE = 1e-9
"""How far two sums of weights may lie apart, of 1 or of the larger one."""


def history(events: Iterable[Event], ds: str, half_lives: Sequence[float], last_days: int) -> dict[str, Any]:
    """Item → `n`, `weights`, `first_day` and `last_days` of a user's long history at `ds`.

    An event of positive weight w that happened a days before `ds` weighs w · 2^(-a / h) for the half-life h.
    """
    today, by_item = date.fromisoformat(ds), defaultdict(list)
    for event in events:
        if event["weight"] > 0 and event["item_id"] is not None and event["ds"] <= ds:
            by_item[event["item_id"]].append((event["event_time"].date(), event["weight"]))
    return {
        item: {
            "n": len(done),
            "weights": [sum(w * 2.0 ** (-(today - day).days / h) for day, w in done) for h in half_lives],
            "first_day": min(day for day, _ in done),
            "last_days": sorted({day for day, _ in done})[-last_days:],
        }
        for item, done in by_item.items()
    }


def window(
    events: Iterable[Event], ds: str, recent_days: int, most: int, name: str = "item_id"
) -> list[tuple[Any, ...]]:
    """`name` (an item, or the query of a search), type and time of a user's last `most` events that hold it, of those
    that happened in (ds - recent_days, ds]."""
    today = date.fromisoformat(ds)
    recent = [
        (event["event_time"], event[name], event["event_type"])
        for event in events
        if event[name] is not None
        and event["event_type"] != IMPRESSION
        and event["ds"] <= ds
        and today - timedelta(days=recent_days) < event["event_time"].date() <= today
    ]
    return [(what, kind, moment) for moment, what, kind in sorted(recent)[-most:]]


def visits(events: Iterable[Event], first: str, ds: str) -> dict[str, tuple[int, int]]:
    """Day of arrival → a user's events and baskets, which are distinct times of events of positive weight."""
    by_day = defaultdict(list)
    for event in events:
        if first <= event["ds"] <= ds and event["event_type"] != IMPRESSION:
            by_day[event["ds"]].append(event)
    return {
        day: (len(done), len({event["event_time"] for event in done if event["weight"] > 0}))
        for day, done in by_day.items()
    }


def apart(one: Any, other: Any) -> bool:
    """Whether two values differ: counts, days and texts at all, numbers with a fraction by more than `CLOSE`."""
    if isinstance(one, float) and isinstance(other, float):
        return not abs(one - other) <= CLOSE * max(1.0, abs(one), abs(other))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) != len(other) or any(apart(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() != other.keys() or any(apart(one[key], other[key]) for key in one)
    return bool(one != other)
