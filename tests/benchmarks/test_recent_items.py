"""The re-ranker of hours and of similar users: features by hand, and blind to what came after the day they are for."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.benchmarks.conftest import own_log

HOUR = 1 / 24
KIND = np.array([0, 0, 1, 1])
"""Of four items."""


@pytest.fixture
def recent_items(peer: Any) -> Any:
    return peer("recent_items")


@pytest.fixture
def events() -> pl.DataFrame:
    """Users 0 and 1 took item 0; user 1 took 1 as well, two hours ago; user 2 took 2 ten days ago and nothing since."""
    rows = [(0, 0, 3.0, 0), (1, 0, 2.0, 0), (1, 1, 2 * HOUR, 1), (2, 2, 10.0, 0)]
    return own_log(rows, pl.col("item") // 2)


def row(found: pl.DataFrame, user: int, item: int) -> dict[str, Any]:
    (one,) = found.filter(user=user, item=item).rows(named=True)
    return one


def test_what_similar_users_took_is_a_candidate_that_says_so(recent_items: Any, events: pl.DataFrame) -> None:
    found = recent_items.rows(events, 0, np.array([0, 2]), KIND)
    taken = row(found, 0, 1)
    assert (taken["similar_n_1"], taken["similar_n_3"], taken["own_n"]) == (1, 1, 0)
    assert 0 < taken["similar_1"] < 1
    assert taken["together_5"] == pytest.approx(1 / np.sqrt(2)), "cosine of the takers of items 0 and 1"
    assert (taken["n_1"], taken["n_3"], taken["n"]) == (0, 1, 1)
    assert taken["decayed_2"] == pytest.approx(0.5)
    assert taken["kind_168"] == pytest.approx(0.5 ** (3 / 7)) and taken["kind_share"] == 1
    assert row(found, 2, 1)["similar_n_7"] == 0, "user 2 is like nobody"


def test_own_items_have_their_clocks(recent_items: Any, events: pl.DataFrame) -> None:
    own = row(recent_items.rows(events, 0, np.array([0]), KIND), 0, 0)
    assert (own["own_n"], own["own_last"], own["item_last"], own["item_first"]) == (1, 72, 48, 72)
    assert own["own_72"] == pytest.approx(0.5)
    assert own["user_last"] == 72
    assert own["similar_n_7"] == 1, "user 1 took it too, and nobody is like oneself"


def test_the_future_is_not_seen(recent_items: Any, events: pl.DataFrame) -> None:
    users = np.array([0, 1, 2])
    as_then = recent_items.rows(events, 1, users, KIND)
    assert as_then.equals(recent_items.rows(events.filter(pl.col("age") >= 1), 1, users, KIND))
    assert row(as_then, 1, 0)["own_last"] == 24
    assert row(as_then, 0, 1)["n"] == 0, "the last user's number and the catalogue are known, its reads are not"


def test_rows_stand_by_user_in_parts_of_any_size(
    recent_items: Any, events: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = recent_items.rows(events, 0, np.array([0, 1, 2]), KIND)
    monkeypatch.setattr(recent_items, "CHUNK", 1)
    assert recent_items.rows(events, 0, np.array([0, 1, 2]), KIND).equals(whole)
    assert whole["user"].is_sorted()


def test_the_strongest_of_each_row(peer: Any) -> None:
    from scipy import sparse

    rows = sparse.csr_matrix(np.array([[1.0, 3, 2], [0, 0, 0], [0, 5, 0]]))
    assert peer("sparse_rows").strongest(rows, 2).toarray().tolist() == [[0, 3, 2], [0, 0, 0], [0, 5, 0]]
