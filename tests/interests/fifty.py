"""Fifty random logs in one: each has users and items of its own, and its own kind of trouble."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

FIRST, DAYS = date(2017, 1, 1), 120
LOGS, ROBOT_EVENTS = 50, 100_000
KINDS = ("ties", "gaps of months", "late", "one event", "users of one event")


def fifty_logs(seed: int) -> pl.DataFrame:
    """Columns of `events` with `ds`; the last log's only user is a robot of 100,000 events."""
    draw = np.random.default_rng(seed)
    logs = [_log(draw, number, KINDS[number % len(KINDS)]) for number in range(LOGS - 1)]
    return pl.concat([*logs, _events(draw, LOGS - 1, "robot", ROBOT_EVENTS)])


def _log(draw: np.random.Generator, number: int, kind: str) -> pl.DataFrame:
    return _events(draw, number, kind, 1 if kind == "one event" else int(draw.integers(20, 200)))


def _events(draw: np.random.Generator, number: int, kind: str, count: int) -> pl.DataFrame:
    """Happened on `day` at one of `hours`; arrived up to seven days later."""
    days = {"gaps of months": (0, 1, 60, 119 - 7)}.get(kind, range(DAYS - 7))
    hours = {"ties": 1}.get(kind, 24)
    users = {"users of one event": count, "robot": 1}.get(kind, 5)
    late = draw.choice([0, 1, 7], count) if kind in ("late", "robot") else np.zeros(count, int)
    user = np.arange(count) if users == count else draw.integers(users, size=count)
    day, hour = draw.choice(list(days), count), draw.integers(hours, size=count)
    item, type_ = draw.zipf(1.5, count) % 30, draw.integers(4, size=count)
    midnight = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    return pl.DataFrame(
        {
            "ds": [(FIRST + timedelta(days=int(after))).isoformat() for after in day + late],
            "source": ["made up"] * count,
            "event_id": [f"{number}-{n}" for n in range(count)],
            "user_id": [f"{number}-u{u}" for u in user],
            "item_id": [None if t == 3 and i % 2 else f"{number}-i{i}" for i, t in zip(item, type_, strict=True)],
            "query": [f"words {i % 7}" if t == 3 else None for i, t in zip(item, type_, strict=True)],
            "event_type": [("purchase", "purchase", "browse", "search")[t] for t in type_],
            "event_time": [midnight + timedelta(days=int(d), hours=int(h)) for d, h in zip(day, hour, strict=True)],
            "weight": [(1.0, 2.75, 0.1, 0.0)[t] for t in type_],
        },
        schema_overrides={"event_time": pl.Datetime("us", "UTC"), "item_id": pl.String, "query": pl.String},
    )
