"""Encoders, keys and whitening."""

import json
import socket
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from lsif.config import Model
from lsif.errors import LsifError
from lsif.features.queries import encoded
from lsif.features.text import catalogue_vectors, new_vectors, text_sha256, whitening
from lsif.features.text_encoders import AT_A_PATH, PACKAGED, TextEncoder, text_encoder
from tests.world import table

TEXTS = ["apple sauce 50 oz", "apple sauce 24 oz", "paper towels", ""]


@pytest.mark.parametrize("name", PACKAGED)
class TestEveryPackagedEncoder:
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


def test_the_multilingual_encoder_puts_a_chinese_text_beside_its_translation() -> None:
    chinese, english, other = text_encoder("multilingual").encode(["婴儿纸尿裤", "baby diapers", "motor oil"])
    assert chinese @ english > chinese @ other + 0.3


@pytest.mark.parametrize("setting", ["telepathy", "telepathy:/x", "precomputed:"])
def test_an_unknown_encoder_is_named(setting: str) -> None:
    with pytest.raises(LsifError, match=f"no text encoder '{setting}': choose one of hashing, .*precomputed:PATH"):
        text_encoder(setting)


@pytest.mark.parametrize("setting", [*PACKAGED, *(f"{kind}:/somewhere" for kind in AT_A_PATH)])
def test_every_encoder_may_be_configured(setting: str) -> None:
    assert Model(text_encoder=setting).text_encoder == setting


class TestPrecomputed:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "by_our_llm.parquet"
        pq.write_table(pa.table({"text": ["a", "b"], "vector": [[3.0, 4.0], [0.0, 2.0]]}), path)
        return path

    def test_vectors_are_looked_up_by_text(self, file: Path) -> None:
        encoder = text_encoder(f"precomputed:{file}")
        assert encoder.name == "precomputed/by_our_llm"
        np.testing.assert_allclose(encoder.encode(["b", "", "a"]), [[0, 1], [0, 0], [0.6, 0.8]], atol=1e-7)

    def test_a_text_without_a_vector_is_named(self, file: Path) -> None:
        with pytest.raises(LsifError, match="no vector for 2 catalogue texts, 'c' first"):
            text_encoder(f"precomputed:{file}").encode(["a", "c", "d"])

    def test_what_users_wrote_needs_no_vector(self, file: Path) -> None:
        encoder = text_encoder(f"precomputed:{file}")
        np.testing.assert_allclose(encoded(encoder, ["c", "b"], np.zeros(2)), [[0, 0], [0, 1]], atol=1e-7)
        assert not encoded(encoder, ["c"], np.zeros(2)).any()

    def test_a_file_that_will_not_do_is_one_clear_line(self, tmp_path: Path) -> None:
        ragged, columns = tmp_path / "ragged.parquet", tmp_path / "columns.parquet"
        pq.write_table(pa.table({"text": ["a", "b"], "vector": [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]]}), ragged)
        pq.write_table(pa.table({"words": ["a"]}), columns)
        for path, says in {ragged: "same length", columns: "text and vector", tmp_path / "no": "cannot read"}.items():
            with pytest.raises(LsifError, match=says):
                text_encoder(f"precomputed:{path}").encode(["a"])


class TestSentenceTransformers:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A real model of that package, of random weights: word vectors and their mean."""
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, WordEmbeddings
        from sentence_transformers.sentence_transformer.modules.tokenizer import WhitespaceTokenizer

        torch.manual_seed(0)
        tokenizer = WhitespaceTokenizer(vocab=["apple", "sauce", "paper", "towels"], stop_words=[])
        words = WordEmbeddings(tokenizer, torch.randn(4, 8).numpy())
        SentenceTransformer(modules=[words, Pooling(8)], device="cpu").save(str(tmp_path / "own"))
        return tmp_path / "own"

    def test_any_saved_folder_will_do(self, folder: Path) -> None:
        encoder = text_encoder(f"sentence-transformers:{folder}")
        sauce, nothing, again = encoder.encode(["apple sauce", "", "sauce apple"])
        np.testing.assert_allclose(sauce, again, atol=1e-6)
        assert np.linalg.norm(sauce) == pytest.approx(1) and not nothing.any()

    def test_other_weights_are_another_encoder(self, folder: Path) -> None:
        name = text_encoder(f"sentence-transformers:{folder}").name
        assert name.startswith("sentence-transformers/own@")
        (folder / "config_sentence_transformers.json").write_text(json.dumps({"other": True}))
        assert text_encoder(f"sentence-transformers:{folder}").name != name

    def test_a_folder_without_a_model_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(LsifError, match="no sentence-transformers model at"):
            text_encoder(f"sentence-transformers:{tmp_path}")


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
