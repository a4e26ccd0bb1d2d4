"""The explore re-ranker's candidates and features by hand, and blind to what came after the day they are made for."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.benchmarks.conftest import own_log

USERS = np.array([0])


@pytest.fixture
def new_items(peer: Any) -> Any:
    return peer("new_items")


@pytest.fixture
def events() -> pl.DataFrame:
    """Item 0 and 1 are of kind 0, item 2 of kind 1; user 0 knows item 0 alone; users 1 and 2 take 1 and 2."""
    rows = [(0, 0, 20.0, 0), (1, 1, 9.0, 0), (1, 1, 8.0, 1), (1, 2, 8.0, 1), (2, 2, 3.0, 0)]
    return own_log(rows, pl.col("item") // 2)


def test_candidates_are_what_the_user_never_had(new_items: Any, events: pl.DataFrame) -> None:
    first, second = new_items.rows(events, 0, USERS).rows(named=True)
    assert (first["item"], first["buyers"], first["first_7"], first["first_28"]) == (1, 1, 0, 1)
    assert first["kind_items"] == 1 and first["kind_age"] == 20.0, "user 0 knows the kind of item 1"
    assert (second["item"], second["buyers"], second["first_7"], second["kind_age"]) == (2, 2, 1, None)
    assert second["place"] < first["place"], "taken later, and by more"


def test_an_unpopular_item_comes_in_by_its_kind(
    new_items: Any, events: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_items, "POPULAR", 1)
    assert new_items.rows(events, 0, USERS)["item"].to_list() == [1, 2]
    monkeypatch.setattr(new_items, "KINDS", 0)
    assert new_items.rows(events, 0, USERS)["item"].to_list() == [2]


def test_the_future_is_not_seen(new_items: Any, events: pl.DataFrame) -> None:
    as_then = new_items.rows(events, 7, USERS)
    assert as_then.equals(new_items.rows(events.filter(pl.col("age") >= 7), 7, USERS))
    assert as_then["buyers"].to_list() == [1, 1]
