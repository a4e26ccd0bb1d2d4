"""A small log made of hard cases, in our columns and as Spark and Arrow want it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

NEW_YORK = ZoneInfo("America/New_York")
EVENTS = arrow_schema(TABLES["events"])
CATEGORY = {"007": "bonds", "7": "numbers", "item ": "blanks", "é": "letters"}
CATALOGUE = pa.table({"item_id": [*CATEGORY, "z"], "category": [*CATEGORY.values(), None]})
HALF_LIVES = (7.0, 30.0)
LAST_DAYS = 3


def event(
    ds: str,
    user: str,
    item: str | None,
    when: str | datetime,
    kind: str = "purchase",
    weight: float = 1.0,
    query: str | None = None,
):
    time = datetime.fromisoformat(when).replace(tzinfo=UTC) if isinstance(when, str) else when.astimezone(UTC)
    told = {"ds": ds, "user_id": user, "item_id": item, "event_time": time, "event_type": kind, "weight": weight}
    return {**told, "query": query}


def hard_cases() -> list[dict[str, Any]]:
    """Around 2017-03-12, when New York's clocks went on: ties, borders, late events, types, odd ids."""
    return [
        # one basket: equal times, items not in order; the same item twice
        event("2017-03-12", "u1", "é", "2017-03-12T10:00:00"),
        event("2017-03-12", "u1", "7", "2017-03-12T10:00:00"),
        event("2017-03-12", "u1", "007", "2017-03-12T10:00:00"),
        event("2017-03-12", "u1", "007", "2017-03-12T10:00:00"),
        event("2017-03-12", "u1", "007", "2017-03-12T10:00:00", "browse", 0.5),
        # UTC midnight from both sides
        event("2017-03-12", "u1", "7", "2017-03-12T00:00:00"),
        event("2017-03-11", "u1", "7", "2017-03-11T23:59:59.999999"),
        # the hour before and after the gap, on New York's clocks
        event("2017-03-12", "u2", "item ", datetime(2017, 3, 12, 1, 59, 59, tzinfo=NEW_YORK)),
        event("2017-03-12", "u2", "item ", datetime(2017, 3, 12, 3, 0, 0, tzinfo=NEW_YORK)),
        # first and last day of a seven-day window at 2017-03-12, and one day too old
        event("2017-03-06", "u3", "z", "2017-03-06T00:00:00"),
        event("2017-03-05", "u3", "z", "2017-03-05T23:59:59.999999"),
        # late: happened on the 10th and 5th, known on the 12th; and one only known on the 13th
        event("2017-03-12", "u3", "7", "2017-03-10T12:00:00"),
        event("2017-03-12", "u3", "z", "2017-03-05T12:00:00"),
        event("2017-03-13", "u3", "7", "2017-03-12T12:00:00"),
        # searches without an item, one that names it, a browse of zero weight, a user who only searched
        event("2017-03-12", "u4", None, "2017-03-12T09:00:00", "search", 0.0, "seven"),
        event("2017-03-12", "u4", None, "2017-03-12T09:00:00", "search", 0.0, "a seven"),
        event("2017-03-12", "u4", "7", "2017-03-12T09:10:00", "search", 0.0, "seven"),
        event("2017-03-12", "u4", "7", "2017-03-12T09:30:00", "browse", 0.0),
        event("2017-03-12", "u5", None, "2017-03-12T09:00:00", "search", 0.0, "letters"),
        # neither item nor query, which no delivery brings
        event("2017-03-12", "u6", None, "2017-03-12T09:00:00", "search", 0.0),
        # ids that a careless reader would merge
        event("2017-03-12", "u1 ", "7", "2017-03-12T11:00:00"),
        event("2017-03-13", "U1", "7", "2017-03-13T11:00:00"),
    ]


def random_cases(seed: int, events: int = 300, days: int = 40, users: int = 6, items: int = 8) -> list[dict[str, Any]]:
    """Events of any day that arrive up to a week late; whole seconds of few hours, so that many times are equal."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(events):
        happened = datetime(2017, 2, 10, tzinfo=UTC) + timedelta(
            days=int(draw.integers(days)), hours=int(draw.integers(3)) * 8
        )
        late = int(draw.choice([0, 0, 0, 1, 7]))
        ds = (happened + timedelta(days=late)).date().isoformat()
        kind, weight = [("purchase", 1.0), ("browse", 0.1), ("search", 0.0)][draw.integers(3)]
        query = f"words {draw.integers(3)}" if kind == "search" else None
        item = f"i{draw.zipf(1.5) % items}"
        found.append(event(ds, f"r{draw.integers(users)}", item, happened, kind, weight, query))
    return found


def as_pandas(events: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(events).sort_values("ds", kind="stable", ignore_index=True)


def as_arrow(events: list[dict[str, Any]]) -> pa.Table:
    """Rows of the table `events` with `ds`, numbered."""
    rows = [{"event_id": str(number), "source": "shop", **row} for number, row in enumerate(events)]
    return pa.Table.from_pylist(rows, EVENTS)


def days_of(events: list[dict[str, Any]]) -> list[str]:
    """Every day from the first arrival to the last."""
    first, last = (date.fromisoformat(pick(row["ds"] for row in events)) for pick in (min, max))
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def no_histories() -> pa.Table:
    return arrow_schema(TABLES["long_term_histories"]).empty_table()
