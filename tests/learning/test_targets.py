"""The borders of the horizon, and who counts."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from lsif.config import Training
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.takings import takings
from lsif.learning.targets import Targets, horizon, targets
from lsif.tables import Tables
from tests.world import catalogue, table, vectors

ITEMS = ["a-1", "a-2", "b-1"]


@pytest.fixture
def index() -> ItemIndex:
    states = [{"item_id": item, "users": 1} for item in ITEMS]
    return build_index(table("item_states", states), catalogue(ITEMS), vectors(ITEMS), ("purchase",), "made-up")


def bought(user: str, item: str, moment: str, weight: float = 1.0) -> dict[str, object]:
    when = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return {"user_id": user, "item_id": item, "event_time": when, "weight": weight, "ds": moment[:10]}


def made(index: ItemIndex, *rows: dict[str, object]) -> Targets:
    return targets(table("events", list(rows)), index, pa.array(["u1", "u2"]), "2017-10-23", 7)


def test_the_horizon_leaves_the_cutoff_out_and_its_last_day_in() -> None:
    assert horizon("2017-10-23", 7) == [f"2017-10-{day}" for day in range(24, 31)]


def test_the_last_moment_of_the_cutoff_is_out_and_that_of_the_last_day_is_in(index: ItemIndex) -> None:
    found = made(
        index,
        bought("u1", "a-1", "2017-10-23T23:59:59.999999"),
        bought("u1", "a-2", "2017-10-24T00:00:00"),
        bought("u1", "b-1", "2017-10-30T23:59:59.999999"),
        bought("u2", "a-1", "2017-10-31T00:00:00"),
    )
    assert found.item.tolist() == [1, 2]
    assert found.start.tolist() == [0, 2, 2]
    assert found.active().tolist() == [0]


def test_pairs_are_distinct_and_need_a_positive_weight(index: ItemIndex) -> None:
    found = made(
        index,
        bought("u2", "b-1", "2017-10-24T10:00:00"),
        bought("u2", "b-1", "2017-10-25T10:00:00"),
        bought("u2", "a-1", "2017-10-25T10:00:00", weight=0.0),
        bought("stranger", "a-1", "2017-10-25T10:00:00"),
    )
    assert (found.item.tolist(), found.start.tolist()) == ([2], [0, 0, 1])


def test_an_item_outside_the_index_counts_as_a_miss(index: ItemIndex) -> None:
    found = made(index, bought("u1", "a-1", "2017-10-24T10:00:00"), bought("u1", "new", "2017-10-24T10:00:00"))
    assert found.item.tolist() == [0]
    np.testing.assert_array_equal(found.total, [2, 0])


@pytest.mark.parametrize(("types", "found"), [(None, [["a-1", "b-1"], ["a-1"]]), (("purchase",), [["a-1"]])])
def test_what_counts_as_taking_is_a_setting(
    tables: Tables, index: ItemIndex, types: tuple[str, ...] | None, found: list[list[str]]
) -> None:
    """u1 buys one item and reads of another, u2 only reads."""
    happened = [("u1", "a-1", "purchase"), ("u1", "b-1", "read"), ("u2", "a-1", "read"), ("u2", "b-1", "search")]
    rows = [
        bought(user, item, "2017-10-24T10:00:00", weight=float(kind != "search"))
        | {"event_type": kind, "source": "shop", "event_id": str(number)}
        for number, (user, item, kind) in enumerate(happened)
    ]
    writer = tables.writer("events")
    for day in horizon("2017-10-23", 7):
        of_day = [{key: row[key] for key in row if key != "ds"} for row in rows if row["ds"] == day]
        writer.write(day, pa.Table.from_pylist(of_day, schema=tables.schema("events")))
    writer.commit()
    at = Cutoffs(7, "2017-10-23", "2017-10-16", ("2017-10-09",))
    (taken,), active = takings(tables, at, ("2017-10-23",), index, Training(targets=types))
    places = zip(taken.targets.start, taken.targets.start[1:], strict=False)
    assert [[ITEMS[item] for item in taken.targets.item[a:b]] for a, b in places] == found
    assert active == len(found)


@pytest.mark.parametrize(
    ("at_most", "looked_at"), [(None, [0, 2, 3, 4, 6]), (5, [0, 2, 3, 4, 6]), (3, [0, 3, 6]), (2, [0, 4])]
)
def test_some_of_many_users_are_spread_over_all_of_them(at_most: int | None, looked_at: list[int]) -> None:
    start = np.array([0, 1, 1, 2, 3, 4, 4, 5])
    found = Targets(start, np.zeros(5, int), np.diff(start), np.ones(5, np.float32))
    assert found.active(at_most).tolist() == looked_at
