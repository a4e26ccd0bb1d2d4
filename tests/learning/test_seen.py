"""What was taken from far down a list counts for more, where drawn rows said how far ranks are looked at."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.evaluation.examination import Examination
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.seen import Seen, seen
from lsif.tables import Tables
from tests.world import table

AT = Cutoffs(7, "2024-01-22", "2024-01-15", ("2024-01-08", "2024-01-01"))
SQUARE_ROOT = Examination(0.5, 0.4, 0.6, 1000, 200)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(str(tmp_path))


def write(tables: Tables, name: str, ds: str, rows: list[dict[str, Any]]) -> None:
    writer = tables.writer(name)
    writer.write(ds, table(name, rows).drop_columns(["ds"]))
    writer.commit()


def row(number: str, outcome: str, user: str, item: str, time: str, rank: int, of: str = "for_you") -> dict[str, Any]:
    at = datetime.fromisoformat(f"2024-{time}").replace(tzinfo=UTC)
    own = {"source": "shop", "event_id": number, "outcome": outcome, "user_id": user, "item_id": item}
    return {**own, "event_time": at, "list": of, "rank": rank}


def drawn(rank: int, n: int, hits: int) -> dict[str, Any]:
    return {"list": "for_you", "metric": "click_through", "segment": f"drawn.explored={rank}", "n": n, "hits": hits}


def test_a_taking_counts_by_the_best_rank_that_its_user_saw_it_at(tables: Tables) -> None:
    write(
        tables,
        "feedback",
        "2024-01-09",
        [
            row("1", "impression", "ann", "tea", "01-09T10:00", 9),
            row("2", "impression", "ann", "tea", "01-09T10:00", 4, of="discover"),
            row("3", "purchase", "ann", "tea", "01-09T11:00", 9),
            row("3", "purchase", "ann", "tea", "01-09T11:00", 4, of="discover"),
            row("4", "impression", "bob", "tea", "01-09T12:00", 9),
            row("5", "purchase", "bob", "tea", "01-09T11:00", 9),  # before it was shown
            row("6", "purchase", "eve", "tea", "01-09T11:00", 9),  # nobody says that it was shown
        ],
    )
    write(
        tables,
        "feedback",
        "2024-01-12",
        [
            row("7", "impression", "bob", "milk", "01-12T10:00", 9),
            row("8", "purchase", "bob", "milk", "01-12T10:00", 9),
            row("9", "purchase", "bob", "tea", "01-20T10:00", 9),  # longer after than a window
        ],
    )
    write(tables, "feedback", "2024-01-16", [row("9", "impression", "eve", "tea", "01-09T10:00", 9)])
    pairs = [("bob", "milk"), ("eve", "tea"), ("ann", "tea"), ("bob", "tea"), ("ann", "milk")]
    users, items = zip(*pairs, strict=True)
    worth = Seen(tables, SQUARE_ROOT, 7).after(AT.days_after("2024-01-08"))
    found = worth(pa.table({"user_id": users, "item_id": items}))
    np.testing.assert_allclose(found, [3, 1, 2, 1, 1])


def test_ranks_are_what_drawn_rows_said_before_the_held_out_days(tables: Tables, settings: Settings) -> None:
    assert seen(tables, AT, settings) is None
    write(tables, "metrics_daily", AT.trained_through, [drawn(5, 4000, 400), drawn(20, 4000, 200)])
    write(tables, "metrics_daily", "2024-01-23", [drawn(5, 4000, 40), drawn(20, 4000, 200)])
    found = seen(tables, AT, settings)
    assert found is not None
    assert found.of.steepness == pytest.approx(0.5)
    assert found.inputs(AT).keys() == {"examination"} | {f"feedback/2024-01-{day:02}" for day in range(2, 16)}
