"""What the tables of interests must hold, said again in plain pandas and Python: slow, short, and not Spark."""

from datetime import date, timedelta
from typing import Any

import pandas as pd

Rows = list[dict[str, Any]]


def day(ds: str) -> date:
    return date.fromisoformat(ds)


def windows(events: pd.DataFrame, ds: str, recent_days: int, window_events: int) -> Rows:
    """`recent_windows` at `ds`: known then, of the last `recent_days` UTC days, each user's last events and queries."""
    first = day(ds) - timedelta(days=recent_days - 1)
    happened = events["event_time"].dt.date
    seen = events[(events["ds"] <= ds) & (happened >= first) & (happened <= day(ds))]

    def last(mine: pd.DataFrame, name: str, most: int) -> Rows:
        named = mine[mine[name].notna()].sort_values(["event_time", name, "event_type"], kind="stable")
        kept = named.tail(most)[[name, "event_type", "event_time"]].to_dict("records")
        return [{**event, "event_time": event["event_time"].to_pydatetime()} for event in kept]

    rows = [
        {
            "user_id": user,
            "events": last(mine, "item_id", window_events),
            "searches": last(mine, "query", min(window_events, 16)),
        }
        for user, mine in seen.groupby("user_id")
    ]
    return [row for row in rows if row["events"] or row["searches"]]


def positive(events: pd.DataFrame) -> pd.DataFrame:
    return events[(events["weight"] > 0) & events["item_id"].notna()]


def history_tiles(events: pd.DataFrame, ds: str) -> Rows:
    arrived = positive(events[events["ds"] == ds]).assign(day=lambda e: e["event_time"].dt.date)
    rows = []
    for (user, item), mine in arrived.groupby(["user_id", "item_id"]):
        days = [
            {"day": day, "event_type": kind, "n": len(same), "weight": same["weight"].sum()}
            for (day, kind), same in mine.groupby(["day", "event_type"])
        ]
        rows.append({"user_id": user, "item_id": item, "days": days})
    return rows


def user_tiles(events: pd.DataFrame, ds: str) -> Rows:
    arrived = events[events["ds"] == ds]
    return [
        {"user_id": user, "events": len(mine), "baskets": mine.loc[mine["weight"] > 0, "event_time"].nunique()}
        for user, mine in arrived.groupby("user_id")
    ]


def item_tiles(events: pd.DataFrame, ds: str) -> Rows:
    return [
        {
            "item_id": item,
            "events": len(its),
            "baskets": len(its[["user_id", "event_time"]].drop_duplicates()),
            "buyers": its["user_id"].nunique(),
            "weight": its["weight"].sum(),
        }
        for item, its in positive(events[events["ds"] == ds]).groupby("item_id")
    ]


def histories(
    events: pd.DataFrame, ds: str, category: dict[str, str], half_lives: tuple[float, ...], last_days: int
) -> Rows:
    """`long_term_histories` at `ds`, from all events that had arrived."""
    known = positive(events[events["ds"] <= ds]).assign(day=lambda e: e["event_time"].dt.date)
    rows = []
    for user, mine in known.groupby("user_id"):
        grouped = mine.groupby(mine["item_id"].map(category))
        rows.append(
            {
                "user_id": user,
                "n_events": len(mine),
                "first_day": mine["day"].min(),
                "items": [
                    {
                        "item_id": item,
                        "n": len(its),
                        "weights": decayed(its, ds, half_lives),
                        "first_day": its["day"].min(),
                        "last_days": sorted(set(its["day"]))[-last_days:],
                    }
                    for item, its in mine.groupby("item_id")
                ],
                "categories": [
                    {"category": name, "n": len(its), "weights": decayed(its, ds, half_lives)} for name, its in grouped
                ],
            }
        )
    return rows


def decayed(events: pd.DataFrame, ds: str, half_lives: tuple[float, ...]) -> list[float]:
    ages = events["day"].map(lambda happened: (day(ds) - happened).days)
    return [sum(events["weight"] * 2.0 ** (-ages / half_life)) for half_life in half_lives]
