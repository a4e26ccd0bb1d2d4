"""A model that was trained with attributes ranks by them, and one that was not does not see them."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.attributes import Labels, labels_of
from lsif.features.evening import Evening
from lsif.features.text import text_sha256
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.lessons import learning_inputs, vocabulary
from lsif.llm import KIND
from lsif.ranking.scoring import recommend
from lsif.tables import Tables
from tests.known import Known
from tests.ranking import shop
from tests.ranking.test_scoring import brute_force, lists

NAMES = (KIND, "use")
NEW = "i999"


def said(items: pa.Table, known_from: str = "2017-01-01") -> pa.Table:
    """Of each item one of four kinds and three uses; a kind goes with the next."""
    rows: list[dict[str, Any]] = []
    for number, text in enumerate(items["text"].to_pylist()):
        use, goes_with = {"name": "use", "value": f"u{number % 3}"}, {"kind": f"k{(number + 1) % 4}"}
        row = {"kind": f"k{number % 4}", "attributes": [use], "goes_with": [goes_with], "known_from": known_from}
        rows.append({"text_sha256": text_sha256([text])[0], "model": "m", "prompt_version": "1", **row})
    return shop.table("item_attributes", rows)


@pytest.fixture
def small(settings: Settings) -> Settings:
    llm = settings.llm.model_copy(update={"model": "m", "use": True, "attributes": ("use",)})
    return shop.small(settings).model_copy(update={"llm": llm})


@pytest.fixture
def night(small: Settings) -> Known:
    return shop.known(shop.events(), small, shop.catalogue())


def labels(items: pa.Table) -> Labels:
    return labels_of(items, said(items), "m@1", NAMES)


def test_lists_are_the_best_of_the_formula_whatever_the_number_of_levels(night: Known, small: Settings) -> None:
    vectors = shop.vectors(night.items)
    trained = shop.trained(night, vectors, small, said=labels(night.items))
    rows = shop.recommended(trained, night, vectors, small)
    expected = brute_force(trained, night, small)
    for user, items in lists(rows).items():
        assert items == sorted(expected[user], key=lambda item: -expected[user][item])[:5]
    assert all(abs(expected[row["user_id"]][row["item_id"]] - row["score"]) < 1e-6 for row in rows.to_pylist())


def test_a_new_item_is_ranked_by_what_is_said_of_it(night: Known, small: Settings) -> None:
    grown = shop.table("items", [*night.items.to_pylist(), shop.item_row(NEW)])
    at = replace(night, items=grown)
    vectors = shop.vectors(grown)
    everything = shop.small(small, k=len(grown))

    def scores(model: Any, of: Evening) -> list[float]:
        rows = recommend(model, of, everything).to_pylist()
        return [row["score"] for row in rows if row["item_id"] == NEW and row["list"] == "for_you"]

    quiet = at.evening(vectors, everything)
    told = replace(quiet, item_attributes=said(grown))
    trained = shop.trained(night, vectors, small, said=labels(night.items))
    assert scores(trained, quiet) != scores(trained, told)
    others = said(grown).set_column(1, "prompt_version", pa.array(["2"] * len(grown), pa.string()))
    assert scores(trained, quiet) == scores(trained, replace(quiet, item_attributes=others))
    plain = shop.trained(night, vectors, small)
    assert recommend(plain, quiet, everything).equals(recommend(plain, told, everything))


def test_a_training_reads_what_is_known_on_its_day_where_it_is_told_to(tables: Tables, small: Settings) -> None:
    at = Cutoffs(7, "2017-06-16", "2017-06-09", ("2017-06-02",))
    hashing = small.model_copy(update={"model": small.model.model_copy(update={"text_encoder": "hashing"})})
    shop.write_log(tables, hashing, shop.events(users=6, items=8), shop.catalogue(8), list(at.all()))
    deaf = hashing.model_copy(update={"llm": small.llm.model_copy(update={"use": False})})
    heard, before = (learning_inputs(tables, at, one) for one in (hashing, deaf))
    with pytest.raises(LsifError, match="no attributes of m@1 are known on 2017-06-23"):
        vocabulary(tables, at.learn[0], hashing, at)
    tables.append("item_attributes", said(shop.catalogue(8), known_from="2017-06-23"))
    found = vocabulary(tables, at.learn[0], hashing, at)
    assert found.labels is not None and found.labels.value.all() and found.labels.names == NAMES
    assert vocabulary(tables, at.learn[0], deaf, at).labels is None
    assert learning_inputs(tables, at, deaf) == before
    assert learning_inputs(tables, at, hashing) != heard
    with pytest.raises(LsifError, match="are known on 2017-06-22"):
        vocabulary(tables, at.learn[0], hashing, replace(at, judge="2017-06-15"))
