"""Small made-up logs and what is known of them at a date, without storage or Spark."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lsif.config import Settings
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema
from tests.known import Known

ENCODER = "made-up-6"


def log(rows: Sequence[tuple[str, str, str]], hour: int = 12) -> pd.DataFrame:
    """Purchases from (user, item, day)."""
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "day"])
    frame["day"] = [date.fromisoformat(day) for day in frame["day"]]
    frame["event_time"] = [datetime.combine(day, time(hour), UTC) for day in frame["day"]]
    return frame


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name]))


def events(frame: pd.DataFrame, weight: float = 1.0) -> pa.Table:
    rows = [
        {"event_id": str(n), "event_type": "purchase", "weight": weight, "ds": str(row["day"]), **row}
        for n, row in enumerate(frame.to_dict("records"))
    ]
    return table("events", [{key: value for key, value in row.items() if key != "day"} for row in rows])


def catalogue(item_ids: Sequence[str]) -> pa.Table:
    """Items `c-n` of category `c`; the text begins with the category, so that alike items have alike vectors."""
    rows = [
        {"item_id": item, "title": item, "category": item.split("-")[0], "text": item, "available": True}
        for item in item_ids
    ]
    return table("items", rows)


def vectors(item_ids: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A direction per category and a little of the item's own [N, 6]."""
    own = [np.random.default_rng(sum(item.encode())).standard_normal(6) for item in item_ids]
    group = [np.random.default_rng(ord(item[0])).standard_normal(6) for item in item_ids]
    return (np.array(group) + 0.3 * np.array(own)).astype(np.float32)


def known(frame: pd.DataFrame, ds: str, items: pa.Table, settings: Settings) -> Known:
    """Built row by row with pandas, the slow and plain way; and the same `recent_days` before."""
    before = date.fromisoformat(ds) - timedelta(days=settings.interests.recent_days)
    return replace(_known(frame, ds, items, settings), before=_known(frame, str(before), items, settings))


def _known(frame: pd.DataFrame, ds: str, items: pa.Table, settings: Settings) -> Known:
    today, kept = date.fromisoformat(ds), settings.interests
    past = frame[frame["day"] <= today]
    recent = past[past["day"] > today - timedelta(days=kept.recent_days)]
    tiled = past[past["day"] > today - timedelta(days=kept.popularity_days)]
    return Known(
        ds,
        table("long_term_histories", [_history(user, own, today, settings) for user, own in past.groupby("user_id")]),
        table("recent_windows", [_window(user, own, settings) for user, own in recent.groupby("user_id")]),
        table("item_tiles", [_tile(key, own) for key, own in tiled.groupby(["item_id", "day"])]),
        table("user_tiles", [_visits(key, own) for key, own in tiled.groupby(["user_id", "day"])]),
        items,
    )


def _history(user: str, own: pd.DataFrame, today: date, settings: Settings) -> dict[str, Any]:
    items = [
        {
            "item_id": item,
            "n": len(rows),
            "weights": [
                sum(2.0 ** (-(today - day).days / half_life) for day in rows["day"])
                for half_life in settings.interests.half_lives_days
            ],
            "first_day": min(rows["day"]),
            "last_days": sorted(set(rows["day"]))[-settings.interests.last_days :],
        }
        for item, rows in own.groupby("item_id")
    ]
    first = min(own["day"])
    return {"user_id": user, "n_events": len(own), "first_day": first, "items": items, "categories": [], "ds": "x"}


def _window(user: str, own: pd.DataFrame, settings: Settings) -> dict[str, Any]:
    rows = own.sort_values(["event_time", "item_id"]).tail(settings.interests.window_events)
    moments = zip(rows["item_id"], rows["event_time"], strict=True)
    return {
        "user_id": user,
        "events": [{"item_id": i, "event_type": "purchase", "event_time": t} for i, t in moments],
        "ds": "x",
    }


def _tile(key: tuple[str, date], own: pd.DataFrame) -> dict[str, Any]:
    counts = {"events": len(own), "baskets": len(own), "buyers": own["user_id"].nunique(), "weight": float(len(own))}
    return {"item_id": key[0], "ds": str(key[1]), **counts}


def _visits(key: tuple[str, date], own: pd.DataFrame) -> dict[str, Any]:
    return {"user_id": key[0], "events": len(own), "baskets": own["event_time"].nunique(), "ds": str(key[1])}
