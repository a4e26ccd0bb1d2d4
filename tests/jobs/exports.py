"""Exports as each preset describes one: some dozens of people, each with two kinds of things that they come back to."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

PEOPLE, KINDS, OF_A_KIND = 24, 4, 6
Row = dict[str, Any]


def doings(day: int) -> Iterator[tuple[int, int, str]]:
    """Person, thing and time of what is done on a day: two people of three come, and take from one of their kinds."""
    draw = np.random.default_rng(day)
    for person in (person for person in range(PEOPLE) if (person + day) % 3):
        kind = (person + int(draw.integers(2))) % KINDS
        for thing in draw.choice(OF_A_KIND, 2, replace=False):
            yield person, kind * OF_A_KIND + int(thing), f"{draw.integers(8, 20):02d}:{draw.integers(60):02d}:00"


def shop(home: Path, days: list[str]) -> None:
    for number, ds in enumerate(days):
        done = list(enumerate(doings(number)))
        orders = [
            {
                "order_id": f"{ds}-{person}",
                "sku": thing,
                "customer_id": person,
                "ordered_at": f"{ds} {at}",
                "line_total": 2,
            }
            for _, (person, thing, at) in done[::2]
        ]
        clicks = [
            {
                "click_id": f"{ds}-{n}",
                "sku": thing,
                "customer_id": person,
                "action": ("view", "add_to_cart")[n % 4 // 2],
                "clicked_at": f"{ds} {at}",
            }
            for n, (person, thing, at) in done[1::2]
        ]
        _csv(home / "landing" / "orders" / f"{ds}.csv", orders)
        _csv(home / "landing" / "clicks" / f"{ds}.csv", clicks)
    things = [{"sku": n, "name": f"thing {n}", "category": f"kind {n // OF_A_KIND}", "brand": "own"} for n in _things()]
    _csv(home / "landing" / "products.csv", [{**one, "description": "of use", "in_stock": "true"} for one in things])


def news(home: Path, days: list[str]) -> None:
    for number, ds in enumerate(days):
        clicks = [
            {"visitor": f"v{person}", "article": thing, "action": "read", "at": f"{ds}T{at}Z"}
            for person, thing, at in doings(number)
        ]
        articles = [
            {
                "article": n,
                "headline": f"headline {n}",
                "section": f"kind {n // OF_A_KIND}",
                "lead": "what happened",
                "online": True,
            }
            for n in _things()
        ]
        _jsonl(home / "landing" / "clicks" / f"{ds}.jsonl", clicks)
        _jsonl(home / "landing" / "articles" / f"{ds}.jsonl", articles)


def community(home: Path, days: list[str]) -> None:
    for number, ds in enumerate(days):
        rows = [
            {
                "id": f"{ds}-{n}",
                "member_id": str(person),
                "post_id": str(thing),
                "kind": kind,
                "created_at": f"{ds}T{at}Z",
            }
            for n, (person, thing, at) in enumerate(doings(number))
            for kind in [("like", "read", "read", "dislike")[n % 4]]
        ]
        _parquet(home / "landing" / "activity" / f"{ds}.parquet", rows)
    posts = [
        {"post_id": str(n), "title": f"post {n}", "author": f"author {n // OF_A_KIND}", "tags": "talk"}
        for n in _things()
    ]
    _parquet(home / "landing" / "posts.parquet", posts)


EXPORTS: dict[str, Callable[[Path, list[str]], None]] = {"shop": shop, "news": news, "community": community}
"""Preset → what lays its export for some days below an LSIF_HOME."""


def _things() -> range:
    return range(KINDS * OF_A_KIND)


def _csv(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_csv(path)


def _jsonl(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _parquet(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_parquet(path)
