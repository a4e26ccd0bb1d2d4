"""Rows worked out by hand: reason and ids from known parts."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from lsif.ranking.rows import Ranked, Stamp, ranked_rows, recommendation_ids

STAMP = Stamp("2017-06-30", "7", "abc")


def row(
    says: int, own: bool, alpha: float = 0.25, placed: int = 0, propensity: float = float("nan")
) -> dict[str, object]:
    """The row of user `ann` and item `b`."""
    one, parts, shares = np.array([0]), np.array([[1.0, 0.5, 0.25, 0.25]]), np.array([[0.5, 0.25, 0.125, 0.125]])
    numbers = (np.array([1]), np.array([1]), np.array([own]), np.array([2.0]), parts, np.array([0.125]), shares)
    lists = Ranked(one, one, *numbers, np.array([alpha]), np.array([says]), np.array([placed]), np.array([propensity]))
    made: dict[str, object] = ranked_rows(
        lists, ("for_you",), pa.array(["ann"]), pa.array(["a", "b"]), STAMP
    ).to_pylist()[0]
    return made


def test_every_column_of_a_row_by_hand() -> None:
    assert row(0, own=False) == {
        "list": "for_you",
        "user_id": "ann",
        "rank": 1,
        "item_id": "b",
        "score": 2.0,
        "alpha": 0.25,
        "long_part": 1.0,
        "short_part": 0.5,
        "popularity_part": 0.25,
        "rule_part": 0.25,
        "neighbour_part": 0.125,
        "long_share": 0.5,
        "short_share": 0.25,
        "popularity_share": 0.125,
        "rule_share": 0.125,
        "propensity": None,
        "generator": "fusion",
        "variant": None,
        "reason_code": "long_interest",
        "recommendation_id": hashlib.sha256(b"2017-06-30\x007\x00for_you\x00ann\x00b").hexdigest()[:24],
        "model_version": "7",
        "config_hash": "abc",
        "evidence": None,
        "reason": None,
    }


@pytest.mark.parametrize(
    ("says", "own", "reason"),
    [
        (0, False, "long_interest"),
        (1, False, "recent_interest"),
        (2, False, "popular"),
        (0, True, "long_habit"),
        (1, True, "recent_habit"),
        (2, True, "popular"),
    ],
)
def test_the_reason_is_what_speaks_most_of_habit_or_of_interest(says: int, own: bool, reason: str) -> None:
    assert row(says, own)["reason_code"] == reason


def test_a_row_that_a_rule_placed_says_so() -> None:
    assert [row(0, own=True, placed=placed)["reason_code"] for placed in (1, 2)] == ["pinned", "explored"]
    assert row(0, own=False, placed=2, propensity=0.125)["propensity"] == 0.125


def test_a_list_of_which_neither_long_nor_short_says_anything_has_no_alpha() -> None:
    assert row(2, own=False, alpha=float("nan"))["alpha"] is None


def test_ids_are_hashes_of_every_row() -> None:
    users, items = ["ann", "bö", "", "c\0d"], ["x", "ÿ", "z", ""]
    found = recommendation_ids(pa.array(["l"] * 4), pa.array(users), pa.array(items), STAMP)
    texts = [f"2017-06-30\x007\0l\0{user}\0{item}" for user, item in zip(users, items, strict=True)]
    assert found.to_pylist() == [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
    assert recommendation_ids(*[pa.array([], pa.string())] * 3, STAMP).to_pylist() == []
