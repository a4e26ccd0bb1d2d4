"""Searches in numbers: none that are masked, and none where nobody can read them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from lsif.features.queries import encoded
from lsif.features.ragged import Array
from lsif.features.searches import searches
from lsif.features.text_encoders import PACKAGED, HashingEncoder, text_encoder
from lsif.features.vocabulary import ItemIndex, build_index
from tests.world import catalogue, table

DS, ITEMS = "2025-03-02", ["a-1", "b-1"]
USERS = pa.array(["u1", "u2", "u3"])
ENCODER = HashingEncoder()


@pytest.fixture
def index() -> ItemIndex:
    states = table("item_states", [{"item_id": item, "users": 1} for item in ITEMS])
    return build_index(states, catalogue(ITEMS), ENCODER.encode(ITEMS), ("purchase",), ENCODER.name)


def windows(**asked: list[str]) -> pa.Table:
    """Of users who searched every hour, last at 23 o'clock."""
    end = datetime(2025, 3, 2, 23, tzinfo=UTC)
    rows = [
        {
            "user_id": user,
            "events": [],
            "searches": [
                {"query": query, "event_type": "search", "event_time": end - timedelta(hours=len(queries) - 1 - place)}
                for place, query in enumerate(queries)
            ],
        }
        for user, queries in asked.items()
    ]
    return table("recent_windows", rows)


def test_each_search_is_a_text_among_those_of_items_and_has_an_age(index: ItemIndex) -> None:
    found = searches(windows(u1=["soap", "red wine"], u3=["soap"], stranger=["tea"]), DS, index, USERS)
    assert found["search_start"].tolist() == [0, 2, 2, 3]
    np.testing.assert_array_equal(found["search_text"], ENCODER.encode(["soap", "red wine", "soap"]))
    assert found["search_age"].tolist() == pytest.approx([2 / 24, 1 / 24, 1 / 24])


@pytest.mark.parametrize("name", PACKAGED)
def test_the_vector_of_a_query_hangs_on_no_other(name: str) -> None:
    encoder, texts = text_encoder(name), ["soap", "a crate of red wine", "tea", "soap for the hands, 3 x 100 g"]
    whole = encoded(encoder, texts, np.zeros(1))
    np.testing.assert_array_equal(whole[:1], encoded(encoder, texts[:1], np.zeros(1)))
    np.testing.assert_array_equal(whole, encoded(encoder, texts[::-1], np.zeros(1))[::-1])


def none_of(found: dict[str, Array], index: ItemIndex) -> bool:
    return found["search_start"].tolist() == [0, 0, 0, 0] and found["search_text"].shape == (0, index.text.shape[1])


def test_what_is_masked_is_no_text_nor_is_what_has_no_words(index: ItemIndex) -> None:
    masked = windows(u1=["p_0123456789abcdef0123456789abcdef", " "])
    assert none_of(searches(masked, DS, index, USERS), index)


def test_windows_of_an_earlier_release_hold_none(index: ItemIndex) -> None:
    old = table("recent_windows", [{"user_id": "u1", "events": []}])
    assert none_of(searches(old, DS, index, USERS), index)


@pytest.mark.parametrize("setting", ["sentence-transformers:/gone", "precomputed:/gone.parquet", "hashing"])
def test_where_the_encoder_is_not_there_none_is_read_and_a_line_says_so(
    index: ItemIndex, setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "precomputed/gone" if "precomputed" in setting else "sentence-transformers/gone@0"
    other = replace(index, text_encoder=name, encoder_setting=setting)
    for _ in range(2):
        assert none_of(searches(windows(u1=["soap"]), DS, other, USERS), index)
    assert capsys.readouterr().err.count("searches are not read: ") == 1
