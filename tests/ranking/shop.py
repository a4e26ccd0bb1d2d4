"""A made-up shop, seeded: what is known at one date, without storage or Spark."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from lsif.config import Settings
from lsif.interests.as_of import Known
from lsif.model.snapshot import snapshot
from lsif.model.step import Example
from lsif.model.targets import targets
from lsif.model.training import build_model
from lsif.model.vocabulary import build_index
from lsif.ranking.trained import TrainedModel
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

DS = "2017-06-30"
TODAY = date.fromisoformat(DS)
ENCODER = "made-up-8"
Event = tuple[str, str, date]
"""User, item, day."""


def events(users: int = 30, items: int = 40, visits: int = 12, seed: int = 0) -> list[Event]:
    """Purchases of the last 50 days; half of them come back to a few favourites."""
    draws = np.random.default_rng(seed)
    found = []
    for user in range(users):
        favourites = draws.integers(0, items, 4)
        for _ in range(visits):
            item = draws.choice(favourites) if draws.random() < 0.5 else draws.integers(0, items)
            found.append((f"u{user:03d}", f"i{item:03d}", TODAY - timedelta(days=int(draws.integers(0, 50)))))
    return sorted(found)


def catalogue(items: int = 40, unavailable: tuple[str, ...] = ()) -> pa.Table:
    ids = [f"i{item:03d}" for item in range(items)]
    return table("items", [item_row(i, available=i not in unavailable) for i in ids])


def item_row(item_id: str, text: str | None = None, available: bool = True) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "title": item_id,
        "category": f"c{sum(item_id.encode()) % 5}",
        "text": text or f"thing {item_id}",
        "available": available,
    }


def known(of: list[Event], settings: Settings, items: pa.Table) -> Known:
    return Known(
        ds=DS,
        histories=table("long_term_histories", _histories(of, settings)),
        windows=table("recent_windows", _windows(of, settings)),
        item_tiles=table("item_tiles", _tiles(of, key=1)),
        user_tiles=table("user_tiles", _tiles(of, key=0)),
        items=items,
    )


def vectors(items: pa.Table) -> pa.Table:
    """A made-up vector per catalogue text, as rows of `item_vectors`."""
    from lsif.model.text import text_sha256

    keys = text_sha256(items["text"].to_pylist())
    values = np.random.default_rng(3).standard_normal((len(keys), 8)).astype(np.float32)
    rows = [{"text_sha256": k, "encoder": ENCODER, "vector": v.tolist()} for k, v in zip(keys, values, strict=True)]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES["item_vectors"]))


def trained(at: Known, item_vectors: pa.Table, settings: Settings, seed: int = 0) -> TrainedModel:
    """A model nobody trained, with every weight drawn at random so that all parts of a score differ from zero."""
    from lsif.model.text import catalogue_vectors

    torch.manual_seed(seed)
    text = catalogue_vectors(at.items, item_vectors, ENCODER)
    index = build_index(at.histories, at.items, text, ("purchase",), ENCODER)
    shot = snapshot(at, index, settings)
    nothing = targets(table("events", []), index, shot.user_ids, DS, 7)
    model = build_model(index, [Example(shot, nothing)], settings)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn_like(weights) * 0.1)
    return TrainedModel(model, index, "7", settings.interests, "2017-06-23")


def small(settings: Settings, k: int = 5, **ranking: Any) -> Settings:
    return settings.model_copy(
        update={
            "ranking": settings.ranking.model_copy(update={"k": k, **ranking}),
            "model": settings.model.model_copy(update={"width": 8}),
        }
    )


def renamed(at: Known, **changes: Any) -> Known:
    return replace(at, **changes)


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name]))


def _histories(of: list[Event], settings: Settings) -> list[dict[str, Any]]:
    days: dict[str, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for user, item, day in of:
        days[user][item].append(day)
    return [_history(user, items, settings) for user, items in sorted(days.items())]


def _history(user: str, items: dict[str, list[date]], settings: Settings) -> dict[str, Any]:
    half_lives, last = settings.interests.half_lives_days, settings.interests.last_days

    def weights(days: list[date]) -> list[float]:
        return [sum(2.0 ** (-(TODAY - day).days / h) for day in days) for h in half_lives]

    everything = [day for days in items.values() for day in days]
    return {
        "user_id": user,
        "n_events": len(everything),
        "first_day": min(everything),
        "items": [
            {"item_id": i, "n": len(d), "weights": weights(d), "first_day": min(d), "last_days": sorted(set(d))[-last:]}
            for i, d in sorted(items.items())
        ],
        "categories": [],
        "ds": DS,
    }


def _windows(of: list[Event], settings: Settings) -> list[dict[str, Any]]:
    first = TODAY - timedelta(days=settings.interests.recent_days)
    recent: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for user, item, day in sorted(of, key=lambda event: (event[2], event[1])):
        if day > first:
            moment = datetime.combine(day, time(12), UTC)
            recent[user].append({"item_id": item, "event_type": "purchase", "event_time": moment})
    most = settings.interests.window_events
    return [{"user_id": user, "events": rows[-most:], "ds": DS} for user, rows in sorted(recent.items())]


def _tiles(of: list[Event], key: int) -> list[dict[str, Any]]:
    counted = Counter((event[key], event[2]) for event in of)
    name = ("user_id", "item_id")[key]
    rest = {"buyers": 1, "weight": 1.0} if key else {}
    return [
        {name: who, "events": n, "baskets": 1, "ds": day.isoformat(), **{k: v * n for k, v in rest.items()}}
        for (who, day), n in sorted(counted.items())
    ]
