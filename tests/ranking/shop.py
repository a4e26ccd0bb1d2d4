"""A made-up shop, seeded: what is known at one date, without storage or Spark."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from lsif.config import Interest, Settings
from lsif.days import day_before
from lsif.features.attributes import Labels
from lsif.features.steps import store_states
from lsif.features.text import catalogue_vectors, text_sha256
from lsif.features.text_encoders import text_encoder
from lsif.features.vocabulary import build_index
from lsif.learning.step import Example
from lsif.learning.targets import targets
from lsif.learning.training import build_model
from lsif.ranking.scoring import recommend
from lsif.ranking.tally import Tally
from lsif.ranking.trained import TrainedModel
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema
from tests.known import Known, snapshot_of

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


def known(of: list[Event], settings: Settings, items: pa.Table, ds: str = DS) -> Known:
    """What is known at the end of `ds`, and `recent_days` before, had every event arrived on its day."""
    before = day_before(ds, settings.interests.recent_days)
    return replace(_known(of, settings, items, ds), before=_known(of, settings, items, before))


def _known(of: list[Event], settings: Settings, items: pa.Table, ds: str) -> Known:
    today = date.fromisoformat(ds)
    past = [event for event in of if event[2] <= today]
    return Known(
        ds=ds,
        histories=table("long_term_histories", _histories(past, settings, today)),
        windows=table("recent_windows", _windows(past, settings, today)),
        item_tiles=table("item_tiles", _tiles(past, key=1)),
        user_tiles=table("user_tiles", _tiles(past, key=0)),
        items=items,
    )


def write_log(tables: Tables, settings: Settings, of: list[Event], items: pa.Table, dates: list[str]) -> None:
    """Every day's events and tiles, and histories and windows at `dates`, as the jobs before ours leave them."""
    days = sorted({event[2] for event in of})
    span = [(days[0] + timedelta(days=n)).isoformat() for n in range((days[-1] - days[0]).days + 1)]
    dates = sorted({*dates, *(day_before(ds, settings.interests.recent_days) for ds in dates)} & set(span))
    at = [known(of, settings, items, ds) for ds in dates]
    whole = known(of, settings, items, span[-1])
    write(tables, "events", table("events", event_rows(of)), span)
    write(tables, "item_tiles", whole.item_tiles, span)
    write(tables, "user_tiles", whole.user_tiles, span)
    write(tables, "long_term_histories", pa.concat_tables([one.histories for one in at]), dates)
    write(tables, "recent_windows", pa.concat_tables([one.windows for one in at]), dates)
    write(tables, "items", items, span[:1])
    for ds in dates:
        store_states(tables, ds, settings)
    encoder = text_encoder(settings.model.text_encoder)
    texts = items["text"].to_pylist()
    made = encoder.encode(texts).tolist()
    columns = {"text_sha256": text_sha256(texts), "encoder": [encoder.name] * len(texts), "vector": made}
    tables.append("item_vectors", pa.table(columns, schema=arrow_schema(TABLES["item_vectors"])))


def write(tables: Tables, name: str, rows: pa.Table, days: list[str]) -> None:
    writer = tables.writer(name)
    for ds in days:
        of_day = rows if name == "items" else rows.filter(pc.field("ds") == ds)
        writer.write(ds, of_day.drop_columns("ds"))
    writer.commit(dict.fromkeys(days, 0))  # a base is made from no tiles: there are none


def event_rows(of: list[Event]) -> list[dict[str, Any]]:
    return [
        {
            "source": "shop",
            "event_id": str(number),
            "user_id": user,
            "item_id": item,
            "event_type": "purchase",
            "event_time": datetime.combine(day, time(12), UTC),
            "weight": 1.0,
            "ds": day.isoformat(),
        }
        for number, (user, item, day) in enumerate(of)
    ]


def vectors(items: pa.Table) -> pa.Table:
    """A made-up vector per catalogue text, as rows of `item_vectors`."""
    keys = text_sha256(items["text"].to_pylist())
    values = np.random.default_rng(3).standard_normal((len(keys), 8)).astype(np.float32)
    rows = [{"text_sha256": k, "encoder": ENCODER, "vector": v.tolist()} for k, v in zip(keys, values, strict=True)]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES["item_vectors"]))


def trained(
    at: Known, item_vectors: pa.Table, settings: Settings, seed: int = 0, said: Labels | None = None
) -> TrainedModel:
    """A model nobody trained, with every weight drawn at random so that all parts of a score differ from zero."""
    torch.manual_seed(seed)
    text = catalogue_vectors(at.items, item_vectors, ENCODER)
    index = build_index(at.states(settings), at.items, text, ("purchase",), ENCODER, said)
    shot = snapshot_of(at, index, settings)
    nothing = targets(table("events", []), index, shot.user_ids, DS, 7)
    model = build_model(index, [Example(shot, nothing)], settings)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn_like(weights) * 0.1)
    return TrainedModel(model, index, "7", settings.interests, "2017-06-23")


def recommended(
    model: TrainedModel | None,
    at: Known,
    item_vectors: pa.Table,
    settings: Settings,
    users: Sequence[str] | None = None,
    only: Interest | None = None,
    tally: Tally | None = None,
) -> pa.Table:
    """What the night would make of it; with evidence and reasons where somebody counts."""
    return recommend(model, at.evening(item_vectors, settings), settings, users, only, tally=tally)


def small(settings: Settings, k: int = 5, **ranking: Any) -> Settings:
    return settings.model_copy(
        update={
            "ranking": settings.ranking.model_copy(update=ranking),
            "lists": {name: of.model_copy(update={"k": k}) for name, of in settings.lists.items()},
            "model": settings.model.model_copy(update={"width": 8}),
        }
    )


def renamed(at: Known, **changes: Any) -> Known:
    return replace(at, **changes)


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name]))


def _histories(of: list[Event], settings: Settings, today: date) -> list[dict[str, Any]]:
    days: dict[str, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for user, item, day in of:
        days[user][item].append(day)
    return [_history(user, items, settings, today) for user, items in sorted(days.items())]


def _history(user: str, items: dict[str, list[date]], settings: Settings, today: date) -> dict[str, Any]:
    half_lives, last = settings.interests.half_lives_days, settings.interests.last_days

    def weights(days: list[date]) -> list[float]:
        return [sum(2.0 ** (-(today - day).days / h) for day in days) for h in half_lives]

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
        "ds": today.isoformat(),
    }


def _windows(of: list[Event], settings: Settings, today: date) -> list[dict[str, Any]]:
    first = today - timedelta(days=settings.interests.recent_days)
    recent: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for user, item, day in sorted(of, key=lambda event: (event[2], event[1])):
        if day > first:
            moment = datetime.combine(day, time(12), UTC)
            recent[user].append({"item_id": item, "event_type": "purchase", "event_time": moment})
    most = settings.interests.window_events
    return [{"user_id": user, "events": rows[-most:], "ds": today.isoformat()} for user, rows in sorted(recent.items())]


def _tiles(of: list[Event], key: int) -> list[dict[str, Any]]:
    counted = Counter((event[key], event[2]) for event in of)
    name = ("user_id", "item_id")[key]
    rest = {"buyers": 1, "weight": 1.0} if key else {}
    return [
        {name: who, "events": n, "baskets": 1, "ds": day.isoformat(), **{k: v * n for k, v in rest.items()}}
        for (who, day), n in sorted(counted.items())
    ]
