"""The rich re-ranker's features by hand, and blind to what came after the day they are made for."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.benchmarks.conftest import own_log


@pytest.fixture
def own_items(peer: Any) -> Any:
    return peer("own_items")


@pytest.fixture
def events() -> pl.DataFrame:
    """User 0 took item 0 at ages 20, 10 and 2 and item 1 at 10; user 1 took item 0 at age 5; both items of one kind."""
    rows = [(0, 0, 20.0, 0), (0, 0, 10.0, 1), (0, 1, 10.0, 1), (0, 0, 2.0, 2), (1, 0, 5.0, 0)]
    return own_log(rows, pl.lit(0))


def test_counts_gaps_and_shares_by_hand(own_items: Any, events: pl.DataFrame) -> None:
    first, second = own_items.rows(events, 0, np.array([0])).rows(named=True)
    assert (first["item"], first["n"], first["age_1"], first["age_2"], first["first_age"]) == (0, 3, 2.0, 10.0, 20.0)
    assert first["weight_7"] == pytest.approx(0.5 ** (20 / 7) + 0.5 ** (10 / 7) + 0.5 ** (2 / 7))
    assert (first["gap"], first["gap_median"], first["n_14"]) == (9.0, 9.0, 2)
    assert (first["share_of_baskets"], first["baskets_since"], second["baskets_since"]) == (1.0, 0, 1)
    assert (first["buyers"], first["buyers_7"], first["repurchased"]) == (2, 2, 0.5)
    assert (second["item"], second["age_2"], second["kind_items"], second["other_since"]) == (1, None, 2, 8.0)


def test_the_future_is_not_seen(own_items: Any, events: pl.DataFrame) -> None:
    as_then = own_items.rows(events, 7, np.array([0]))
    only_past = own_items.rows(events.filter(pl.col("age") >= 7), 7, np.array([0]))
    assert as_then.equals(only_past)
    assert as_then["n"].to_list() == [2, 1]
    assert as_then["age_1"].to_list() == [3.0, 3.0]
