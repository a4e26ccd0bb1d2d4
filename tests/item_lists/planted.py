"""A small shop where it is known which items belong together, as tables."""

import json
from datetime import date
from typing import Any

import pyarrow as pa

from lsif.days import day_before
from lsif.features.text import new_vectors
from lsif.features.text_encoders import text_encoder
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

DS = "2017-06-30"
USERS = 40
OLDEST = day_before(DS, 27)
"""Of the days that count as lately."""
TITLES = {
    "cup": "blue china cup",
    "saucer": "oak saucer plate",
    "twin": "blue china cup",
    "mug": "large blue china mug",
    "milk": "whole milk",
    "oats": "rolled oats",
    "rare1": "left skate",
    "rare2": "right boot",
    "gone": "blue china cup old",
    "jug": "stone jug",
    **{f"soap{n}": f"soap bar number {n}" for n in range(8)},
}
"""`twin` reads like `cup`, and nobody ever took it; `gone` is not available."""
CATEGORY = {"cup": "china", "saucer": "china", "mug": "china", "twin": "china", "milk": "food", "oats": "food"}


def baskets() -> list[tuple[str, str, list[str]]]:
    """User, day and items. Everybody takes milk with whatever; a cup goes with a saucer; two take rare things; what was
    taken long ago arrived today."""
    found = []
    for user in range(USERS):
        for back in range(4):
            items = ["milk", f"soap{(user // 4 + back) % 8}"]
            if user % 2 == back % 2:
                items += ["cup", "saucer"] if user % 4 < 3 else ["oats"]
            if user < 2:
                items += ["rare1", "rare2"]
            found.append((f"u{user:02d}", day_before(DS, back), items))
    return [*found, *((f"u{user:02d}", day_before(DS, 60), ["jug", "mug"]) for user in range(20))]


def tiles(ds: str) -> pa.Table:
    """Rows of `history_tiles` of a day."""
    rows = [
        {"user_id": user, "item_id": item, "days": [{"day": date.fromisoformat(day), "event_type": "purchase", "n": 1}]}
        for user, day, items in baskets()
        for item in items
        if ds == (day if day >= OLDEST else DS)
    ]
    return table("history_tiles", rows)


def catalogue() -> pa.Table:
    return table("items", [row(item, title) for item, title in sorted(TITLES.items())])


def row(item: str, title: str) -> dict[str, Any]:
    return {
        "item_id": item,
        "title": title,
        "text": title,
        "category": CATEGORY.get(item, "other"),
        "available": item != "gone",
        "attributes": [{"name": "colour", "value": "blue"}] if "blue" in title else [],
    }


def states() -> pa.Table:
    """Cups and saucers have the same takers, milk and oats others; the rest has no factor."""
    factor = {"cup": [1.0, 0.0], "saucer": [0.9, 0.1], "milk": [0.0, 1.0], "oats": [0.1, 0.9]}
    return table("item_states", [{"item_id": item, "factor": factor.get(item, [0.0, 0.0])} for item in sorted(TITLES)])


def write(tables: Tables) -> None:
    """What the jobs of a night leave before lists beside items are made, and the line of the one that embeds."""
    days = [day_before(DS, back) for back in range(28)]
    for name, of_days in (
        ("items", {DS: catalogue()}),
        ("item_states", {DS: states()}),
        ("history_tiles", {ds: tiles(ds) for ds in days}),
    ):
        writer = tables.writer(name)
        for ds, rows in of_days.items():
            writer.write(ds, rows)
        writer.commit()
    vectors = new_vectors(list(TITLES.values()), (), text_encoder("hashing"))
    tables.append("item_vectors", pa.Table.from_pylist(vectors, tables.schema("item_vectors")))
    done = {"seq": 1, "run_id": "1", "step": "embed_items", "ds": DS, "status": "done", "outputs": "[]"}
    line = dict.fromkeys(TABLES["runs"].columns) | done | {"inputs": json.dumps({"encoder": "hashing-256"})}
    tables.append("runs", pa.Table.from_pylist([line], tables.schema("runs")))


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name], with_ds=False))
