"""One list worked out by hand: shares, reason and ids from known parts."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from lsif.ranking.rows import Ranked, Stamp, fusion_rows, recommendation_ids

STAMP = Stamp("2017-06-30", "7", "abc")


def row(*parts: float) -> dict[str, object]:
    """The row of user `ann` and item `b` whose score has these parts."""
    of = np.array([parts])
    lists = Ranked(np.array([0]), np.array([1]), of, of.sum(1), np.array([0.25]))
    made: dict[str, object] = fusion_rows(lists, pa.array(["ann"]), pa.array(["a", "b"]), STAMP).to_pylist()[0]
    return made


def test_every_column_of_a_row_by_hand() -> None:
    assert row(2.0, 1.0, 0.0, -1.0) == {
        "user_id": "ann",
        "rank": 1,
        "item_id": "b",
        "score": 2.0,
        "alpha": 0.25,
        "long_share": 0.5,
        "short_share": 0.25,
        "repeat_share": 0.0,
        "popularity_share": 0.25,
        "source": "fusion",
        "reason_code": "long_interest",
        "recommendation_id": hashlib.sha256(b"2017-06-30\x007\x00ann\x00b").hexdigest()[:24],
        "model_version": "7",
        "config_hash": "abc",
    }


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((1.0, 3.0, 2.0, 0.0), "short_interest"),
        ((1.0, 0.0, 2.0, 0.0), "repeat"),
        ((1.0, 0.0, 0.0, 2.0), "popular"),
        ((1.0, 0.0, 0.0, -9.0), "long_interest"),  # what speaks against an item is no reason for it
    ],
)
def test_the_reason_is_what_speaks_most_for_the_item(parts: tuple[float, ...], reason: str) -> None:
    assert row(*parts)["reason_code"] == reason


def test_a_score_of_nothing_counts_as_popularity() -> None:
    made = row(0.0, 0.0, 0.0, 0.0)
    assert (made["popularity_share"], made["long_share"]) == (1.0, 0.0)


def test_ids_are_hashes_of_every_row() -> None:
    users, items = ["ann", "bö", "", "c\0d"], ["x", "ÿ", "z", ""]
    found = recommendation_ids(pa.array(users), pa.array(items), STAMP)
    texts = [f"2017-06-30\x007\0{user}\0{item}" for user, item in zip(users, items, strict=True)]
    assert found.to_pylist() == [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
    assert recommendation_ids(pa.array([], pa.string()), pa.array([], pa.string()), STAMP).to_pylist() == []
