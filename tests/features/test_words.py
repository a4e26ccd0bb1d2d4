"""Words of a language model as columns that rules may name."""

from pathlib import Path

import pyarrow as pa
import pytest

from lsif.config import Settings, load_settings
from lsif.errors import LsifError
from lsif.features.text import text_sha256
from lsif.features.words import with_words
from lsif.ranking.rule_rows import item_rows
from lsif.rule_columns import heard_by_rules, words_named
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.ranking import shop

DS = "2017-03-11"
LLM = """
[llm]
model = "m"
attributes = ["use", "brand", "colour"]
"""
RULES = """
[ranking.rules]
where = "KIND = 'mug' or colour = 'red'"
[lists.for_you]
rules.caps = [{ column = "use", most = 1 }]
"""


def read(home: Path, text: str) -> Settings:
    catalogued = SHOP.replace('text = ["title"]', 'text = ["title"], attributes = ["colour"]')
    (home / "shop.toml").write_text(catalogued + text)
    return load_settings(home / "shop.toml")


def catalogue() -> pa.Table:
    own = [{"name": "colour", "value": "blue"}]
    said = (("a", "MUG", own), ("b", "MUG", None), ("c", "PLATE", []), ("d", "NOBODY ASKED", own))
    return shop.table("items", [{"item_id": id, "text": text, "attributes": of} for id, text, of in said])


def answers(*texts: str, known_from: str = DS, model: str = "m") -> pa.Table:
    rows = [
        {
            "text_sha256": key,
            "model": model,
            "prompt_version": "1",
            "known_from": known_from,
            "kind": text.lower(),
            "attributes": [{"name": "colour", "value": "red"}, {"name": "brand", "value": "x"}],
        }
        for key, text in zip(text_sha256(texts), texts, strict=True)
    ]
    rows[0]["attributes"] = [*rows[0]["attributes"], {"name": "use", "value": "tea"}]
    return shop.table("item_attributes", rows)


def test_rules_read_words_and_the_catalogue_s_own_first(home: Path, tables: Tables) -> None:
    settings = read(home, LLM + RULES)
    assert words_named(settings) == ("kind", "use", "colour")
    tables.append("item_attributes", answers("MUG", "PLATE"))
    tables.append("item_attributes", answers("NOBODY ASKED", model="another"))
    tables.append("item_attributes", answers("NOBODY ASKED", known_from="2017-03-12"))
    rows = item_rows(with_words(catalogue(), tables, DS, settings), pa.array(["d", "c", "b", "a"]), DS)
    assert rows.select(["kind", "colour", "use", "brand"]).to_pylist() == [
        {"kind": None, "colour": "blue", "use": None, "brand": None},
        {"kind": "plate", "colour": "red", "use": None, "brand": None},
        {"kind": "mug", "colour": "red", "use": "tea", "brand": None},
        {"kind": "mug", "colour": "blue", "use": "tea", "brand": None},
    ]


def test_what_nobody_says_stops_the_night_in_a_line(home: Path, tables: Tables) -> None:
    tables.append("item_attributes", answers("ANOTHER SHOP'S"))
    with pytest.raises(LsifError, match="rules of lists name kind, and no attributes of m@1 are known on 2017-03-11"):
        with_words(catalogue(), tables, DS, read(home, LLM + RULES))
    silent = with_words(catalogue(), tables, DS, read(home, LLM + '[ranking.rules]\nwhere = "colour is null"\n'))
    assert item_rows(silent, pa.array(["a", "b"]), DS)["colour"].to_pylist() == ["blue", None]


@pytest.mark.parametrize("llm", ["", '[llm]\nattributes = ["use"]\n'])
def test_without_a_model_there_are_no_words_to_name(home: Path, llm: str) -> None:
    with pytest.raises(LsifError, match="there is no column KIND"):
        read(home, llm + RULES)


def test_rules_hear_no_more_of_a_model_than_they_name(home: Path, tables: Tables) -> None:
    deaf = read(home, LLM + "[ranking.rules]\nwhere = \"category = 'c'\"\n")
    items = catalogue()
    assert with_words(items, tables, DS, deaf) is items
    prints = {heard_by_rules(read(home, llm)).fingerprint() for llm in ("", LLM, LLM.replace('"m"', '"n"'))}
    assert len(prints) == 1
    named = [LLM, LLM + "use = false\n", LLM.replace('"m"', '"n"')]
    assert len({heard_by_rules(read(home, llm + RULES)).fingerprint() for llm in named}) == 2
