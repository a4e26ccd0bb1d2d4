"""Searches in numbers: the last ones of each user, none that are masked, and none where nobody can read them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.features.ragged import Array
from lsif.features.searches import MOST, searches
from lsif.features.text_encoders import HashingEncoder
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


def test_each_search_is_a_text_among_those_of_items_and_has_an_age(index: ItemIndex, settings: Settings) -> None:
    found = searches(windows(u1=["soap", "red wine"], u3=["soap"], stranger=["tea"]), DS, index, USERS, settings)
    assert found["search_start"].tolist() == [0, 2, 2, 3]
    np.testing.assert_array_equal(found["search_text"], ENCODER.encode(["soap", "red wine", "soap"]))
    assert found["search_age"].tolist() == pytest.approx([2 / 24, 1 / 24, 1 / 24])


def test_of_many_searches_the_last_ones_are_read(index: ItemIndex, settings: Settings) -> None:
    asked = [f"thing {number}" for number in range(MOST + 3)]
    found = searches(windows(u1=["soap"], u2=asked), DS, index, USERS, settings)
    assert found["search_start"].tolist() == [0, 1, 1 + MOST, 1 + MOST]
    np.testing.assert_array_equal(found["search_text"][1:], ENCODER.encode(asked[3:]))


def none_of(found: dict[str, Array], index: ItemIndex) -> bool:
    return found["search_start"].tolist() == [0, 0, 0, 0] and found["search_text"].shape == (0, index.text.shape[1])


def test_what_is_masked_is_no_text(index: ItemIndex, settings: Settings) -> None:
    privacy = settings.privacy.model_copy(update={"pseudonyms": True, "pseudonym_columns": ("query",)})
    masked = settings.model_copy(update={"privacy": privacy})
    assert none_of(searches(windows(u1=["soap"]), DS, index, USERS, masked), index)


def test_windows_of_an_earlier_release_hold_none(index: ItemIndex, settings: Settings) -> None:
    old = table("recent_windows", [{"user_id": "u1", "events": []}])
    assert none_of(searches(old, DS, index, USERS, settings), index)


def test_a_model_of_an_encoder_that_is_not_there_reads_none(index: ItemIndex, settings: Settings) -> None:
    other = replace(index, text_encoder="sentence-transformers/gone@0")
    assert none_of(searches(windows(u1=["soap"]), DS, other, USERS, settings), index)
