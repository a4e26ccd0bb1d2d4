"""Numbers of items: stable in training, growing with the catalogue."""

import json

import numpy as np
import pyarrow as pa
import pytest

from lsif.features.vocabulary import ItemIndex, build_index
from tests.world import catalogue, table, vectors


@pytest.fixture
def index() -> ItemIndex:
    states = [{"item_id": item, "users": users} for item, users in {"b-1": 2, "gone": 1, "a-10": 1, "a-2": 1}.items()]
    items = ["z-9", "b-1", "a-2", "a-10"]
    return build_index(table("item_states", states), catalogue(items), vectors(items), ("browse",), "made-up")


def test_trained_items_are_those_of_catalogue_and_histories_by_id(index: ItemIndex) -> None:
    assert index.item_ids.to_pylist() == ["a-10", "a-2", "b-1", "gone", "z-9"]
    assert index.counts.tolist() == [1, 1, 2, 1, 0]
    assert [index.categories[number] for number in index.category] == ["a", "a", "b", "", "z"]
    np.testing.assert_array_equal(index.text[1], vectors(["a-2"])[0])
    assert not index.text[3].any()


def test_strangers_are_minus_one_and_unknown_types_are_other(index: ItemIndex) -> None:
    assert index.items(pa.array(["b-1", "007", "a-10"])).tolist() == [2, -1, 0]
    assert index.types(pa.chunked_array([["browse"], ["telepathy"]])).tolist() == [1, 0]


def test_new_items_of_a_catalogue_follow_the_trained_ones(index: ItemIndex) -> None:
    items = ["z-10", "b-1", "c-3", "a-2"]
    grown = index.extended(catalogue(items), vectors(items))
    assert grown.item_ids.to_pylist() == ["a-10", "a-2", "b-1", "gone", "z-9", "c-3", "z-10"]
    assert (grown.trained, len(grown)) == (5, 7)
    assert [grown.categories[number] for number in grown.category[5:]] == ["", "z"]  # c is younger than the training
    assert grown.counts[5:].tolist() == [0, 0]
    np.testing.assert_array_equal(grown.text[5:], vectors(["c-3", "z-10"]))
    assert len(index) == 5


def test_what_is_stored_is_the_trained_part(index: ItemIndex) -> None:
    grown = index.extended(catalogue(["c-3"]), vectors(["c-3"]))
    arrays, names = grown.to_artifacts()
    back = ItemIndex.from_artifacts(arrays, json.loads(json.dumps(names)))
    for field in ("item_ids", "trained", "categories", "event_types", "text_encoder"):
        assert getattr(back, field) == getattr(index, field), field
    for field in ("category", "text", "counts", "published"):
        np.testing.assert_array_equal(getattr(back, field), getattr(index, field))
