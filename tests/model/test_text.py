"""Encoders, keys and whitening."""

import socket

import numpy as np
import pyarrow as pa
import pytest

from lsif.errors import LsifError
from lsif.model.text import TextEncoder, catalogue_vectors, new_vectors, text_encoder, text_sha256, whitening
from tests.model.world import table

TEXTS = ["apple sauce 50 oz", "apple sauce 24 oz", "paper towels", ""]


@pytest.mark.parametrize("name", ["hashing", "wordllama"])
class TestEveryEncoder:
    @pytest.fixture
    def encoder(self, name: str) -> TextEncoder:
        return text_encoder(name)

    def test_gives_unit_vectors_and_nothing_for_no_words(self, encoder: TextEncoder) -> None:
        vectors = encoder.encode(TEXTS)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0], atol=1e-5)

    def test_puts_alike_texts_near_each_other(self, encoder: TextEncoder) -> None:
        sauce, other_sauce, towels, _ = encoder.encode(TEXTS)
        assert sauce @ other_sauce > sauce @ towels + 0.2

    def test_gives_a_text_the_same_vector_whatever_stands_beside_it(self, encoder: TextEncoder) -> None:
        np.testing.assert_allclose(encoder.encode(TEXTS)[2], encoder.encode(TEXTS[2:3])[0], atol=1e-6)

    def test_needs_no_network(self, encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*args: object) -> None:
            raise OSError("no network here")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        assert encoder.encode(["bread"]).shape[1] == int(encoder.name.rsplit("-", 1)[1])


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(LsifError, match="telepathy"):
        text_encoder("telepathy")


def test_vectors_are_found_by_text_and_encoder() -> None:
    items = table(
        "items", [{"item_id": "1", "text": "b"}, {"item_id": "2", "text": "a"}, {"item_id": "3", "text": "b"}]
    )
    keys = text_sha256(["a", "b"])
    rows = [
        {"text_sha256": keys[0], "encoder": "other", "vector": [9.0, 9.0]},
        {"text_sha256": keys[0], "encoder": "mine", "vector": [1.0, 0.0]},
        {"text_sha256": keys[1], "encoder": "mine", "vector": [0.0, 1.0]},
    ]
    found = catalogue_vectors(items, table("item_vectors", rows), "mine")
    np.testing.assert_array_equal(found, [[0, 1], [1, 0], [0, 1]])
    with pytest.raises(LsifError, match="2 catalogue texts have no"):
        catalogue_vectors(items, table("item_vectors", rows[:2]), "mine")


def test_only_new_texts_are_embedded_and_each_once() -> None:
    encoder = text_encoder("hashing")
    old = set(text_sha256(["tea"]))
    rows = new_vectors(["tea", "milk", None, "milk"], old, encoder)
    assert [row["text_sha256"] for row in rows] == sorted(text_sha256(["milk", ""]))
    assert {row["text_sha256"] for row in rows if not row["vector"].any()} == set(text_sha256([""]))
    assert new_vectors(["tea"], old, encoder) == []
    assert pa.Table.from_pylist(rows)["encoder"].unique().to_pylist() == ["hashing-256"]


def test_whitening_gives_the_main_directions_equal_weight() -> None:
    draws = np.random.default_rng(0).standard_normal((4000, 3)) * [10.0, 1.0, 0.5] + 5
    mean, axes = whitening(draws.astype(np.float32), 2, ridge=0.0)
    white = (draws - mean) @ axes
    np.testing.assert_allclose(np.cov(white, rowvar=False), np.eye(2), atol=1e-3)
