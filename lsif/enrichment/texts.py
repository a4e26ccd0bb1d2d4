"""Which texts of the catalogue a model is still to be asked about, and what is known of the others."""

import pyarrow.compute as pc

from lsif.features.text import text_sha256
from lsif.interests.as_of import catalogue_at
from lsif.llm import Llm
from lsif.tables import Tables

ATTRIBUTES, KINDS = "item_attributes", "item_kinds"


def catalogue_texts(tables: Tables, ds: str) -> dict[str, str]:
    """Every text of the catalogue in force at `ds` that has words, by its key, in order of keys.

    Raises:
        MissingDays: there is no catalogue.
    """
    texts = [text for text in pc.unique(catalogue_at(tables, ds)["text"]).to_pylist() if text and text.strip()]
    return dict(sorted(zip(text_sha256(texts), texts, strict=True)))


def answered(tables: Tables, how: Llm) -> set[str]:
    """Keys of the texts that this model has answered this prompt about."""
    rows = tables.read(ATTRIBUTES, columns=["text_sha256"], filter=_of(how))
    return set(rows["text_sha256"].to_pylist())


def known_kinds(tables: Tables, how: Llm) -> list[str]:
    """The closed list of kinds, empty before the first request has been answered."""
    rows = tables.read(KINDS, columns=["kinds"], filter=_of(how))
    return list(rows["kinds"][0].as_py()) if len(rows) else []


def _of(how: Llm) -> pc.Expression:
    return (pc.field("model") == (how.model or "")) & (pc.field("prompt_version") == how.prompt_version)
