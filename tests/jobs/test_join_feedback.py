"""The job that meets what was shown with what was done, day after day."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lsif.tables import Tables
from tests.jobs.conftest import last
from tests.scripts import run_job

SHOWN, D1, D2, D3 = (f"2024-03-0{day}" for day in range(1, 5))
SETTINGS = """
[feedback]
window_days = 2
user_groups = ["country"]
[users]
path = "landing/users.csv"
format = "csv"
columns = { user_id = "id", attributes = ["country"] }
"""
Join = Callable[[str], str]


def put(tables: Tables, name: str, ds: str, *rows: dict[str, Any]) -> None:
    writer = tables.writer(name)
    writer.write(ds, pa.Table.from_pylist(list(rows), tables.schema(name)))
    writer.commit()


def event(number: str, kind: str, user: str, day: str, **more: Any) -> dict[str, Any]:
    at = datetime.fromisoformat(f"{day}T10:0{number}").replace(tzinfo=UTC)
    own = {"source": "shop", "event_id": number, "user_id": user, "item_id": "milk", "event_type": kind}
    return {**own, "event_time": at, "weight": float(kind == "purchase"), **more}


@pytest.fixture
def join(home: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Join:
    """`join(ds)` runs the job on a shop that showed two users an item, saw both look, and sold one of them."""
    file = home / "shop.toml"
    file.write_text(file.read_text().replace("search = 0.0", "impression = 0.0") + SETTINGS)
    listed = {"item_id": "milk", "list": "for_you", "rank": 1, "reason_code": "long", "model_version": "7"}
    people = [{**listed, "user_id": user, "recommendation_id": f"r-{user}"} for user in ("ann", "bob")]
    put(tables, "recommendations", SHOWN, *people)
    put(tables, "items", SHOWN, {"item_id": "milk", "category": "dairy"})
    put(tables, "users", SHOWN, {"user_id": "ann", "attributes": [{"name": "country", "value": "FR"}]})
    named = event("1", "impression", "ann", D1, recommendation_id="r-ann")
    put(tables, "events", D1, named, event("2", "impression", "bob", D1, list="for_you"))
    put(tables, "events", D2, event("3", "purchase", "eve", D2))
    put(tables, "events", D3, event("4", "purchase", "ann", D2))
    return lambda ds: run_job(monkeypatch, capsys, "join_feedback", "--ds", ds)


def test_what_was_shown_is_judged_when_its_window_has_passed(join: Join, tables: Tables) -> None:
    join(D1)
    first = tables.content_hash("feedback", D1)
    join(D2)
    assert "1 of 1 events answer a list; 28 rates" in join(D3), "a purchase that came a day late"
    assert tables.content_hash("feedback", D1) == first
    rows = tables.read("metrics_daily", [D3], filter=pc.field("list") == "for_you").to_pylist()
    measured = {row["segment"]: (row["hits"], row["n"]) for row in rows if row["metric"] == "conversion"}
    assert measured == {
        **dict.fromkeys(("users=all", "rank=1", "reason_code=long", "model_version=7", "category=dairy"), (1, 2)),
        "user.country=FR": (1, 1),
        "user.country=": (0, 1),
    }
    counted = {ds: tables.read("metrics_daily", [ds]).to_pylist() for ds in (D1, D2)}
    assert {(row["list"], row["metric"], row["segment"], row["n"]) for row in counted[D1]} == {
        (name, "matched", "outcome=impression", 2) for name in ("for_you", "*")
    }
    assert [(row["metric"], row["n"]) for row in counted[D2]] == [("unmatched", 1)]
    assert "nothing to do" in join(D3)


def test_a_day_that_was_never_joined_is_told(join: Join, tables: Tables) -> None:
    for ds in (D1, D3):
        said = join(ds)
    assert f"0 rates; 0 metrics of the lists of 2024-02-26; no rates of {D1}: feedback lacks {D2}" in said
    assert said.count("\n") == 1 and last(tables, "join_feedback")["rows_out"] == 1
    join(D2)
    assert "28 rates" in join(D3), "the day that was missing is there"
