"""Searches and counts on small arrays: exact, the same in any order and at any depth, as a plain loop says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from lsif.features.ragged import Array
from lsif.features.text import text_sha256
from lsif.item_lists import baskets, listing
from lsif.item_lists.baskets import Baskets, counted
from lsif.item_lists.listing import listed
from lsif.item_lists.near import UNITS, Others, best
from lsif.item_lists.signals import Signals, signals
from lsif.item_lists.similar import Similar
from lsif.item_lists.together import Together, association
from lsif.list_rules import Cap, ListRules
from lsif.ranking.item_rules import ItemRules
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

ITEMS = 60


def unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def drawn(seed: int = 0) -> Signals:
    """Three views; the second half of the items has no factor, and every third item reads like its neighbour."""
    rng = np.random.default_rng(seed)
    text, factors = unit(rng.normal(size=(ITEMS, 5))), unit(rng.normal(size=(ITEMS, 4)))
    text[::3] = text[1::3]
    factors[ITEMS // 2 :] = 0
    return Signals(text, sparse.csr_matrix(np.eye(4)[rng.integers(0, 4, ITEMS)]), factors)


def rules(**changes: Any) -> ItemRules:
    of = ItemRules(
        name="similar_items",
        rules=ListRules(),
        closed=np.zeros(ITEMS, np.int8),
        segments=np.ones((0, ITEMS), bool),
        boost=np.zeros(ITEMS),
        values=np.zeros((0, ITEMS), np.int64),
        vectors=None,
        pinned={},
        explorable=np.zeros(ITEMS, bool),
        floored=np.zeros((0, ITEMS), bool),
    )
    return replace(of, **changes)


def rows_of(near: Any, of: ItemRules, k: int) -> list[tuple[str, int, str, float]]:
    ids = pa.array([f"i{n:02d}" for n in range(ITEMS)])
    schema = arrow_schema(TABLES["similar_items"], with_ds=False)
    made = pa.Table.from_batches(listed(near, of, k, ids, schema), schema).to_pylist()
    return [(row["item_id"], row["rank"], row["other_item_id"], row["score"]) for row in made]


def by_loop(of: Signals, kept: ItemRules, k: int) -> list[tuple[str, int, str, float]]:
    """Item by item: the best that the caps let stand."""
    attributes, found = of.attributes.toarray(), []
    for item in range(ITEMS):
        known = sum(bool(view[item].any()) for view in (of.text, attributes, of.factors))
        cosines = [(view @ view[item]) for view in (of.text, attributes, of.factors)]
        score = (np.sum(cosines, axis=0) / known).round(6)
        order = sorted(range(ITEMS), key=lambda other: (-(score[other] + kept.boost[other]).round(6), other))
        taken: list[int] = []
        for other in order:
            alike = sum(kept.values[0][other] == kept.values[0][one] for one in taken) if len(kept.values) else 0
            fits = not kept.rules.caps or alike < kept.rules.caps[0].most
            if other != item and score[other] > 0 and not kept.closed[other] and fits and len(taken) < k:
                taken.append(other)
                found.append((item, len(taken), other, (score[other] + kept.boost[other]).round(6)))
    return [(f"i{item:02d}", rank, f"i{other:02d}", score) for item, rank, other, score in found]


@pytest.mark.parametrize("cells", [2**22, 500])
def test_the_nearest_are_those_of_a_loop_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(listing, "CELLS", cells)
    rng = np.random.default_rng(1)
    closed, boost = (rng.random(ITEMS) < 0.2).astype(np.int8), np.where(rng.random(ITEMS) < 0.1, 0.25, 0.0)
    alone = rules(closed=closed, boost=boost)
    values = np.isin(np.arange(ITEMS), [7, 59])[None]  # what may stand beside the first is far down the list
    capped = replace(alone, rules=ListRules(caps=(Cap(column="category", most=1),)), values=values)
    for of in (alone, capped):
        assert rows_of(Similar(drawn(), Others(of.closed == 0, of.boost)), of, 3) == by_loop(drawn(), of, 3)


def test_ties_go_by_item() -> None:
    score = np.array([[0.5, 0.7, 0.5, -np.inf, 0.5]]) * UNITS
    assert best(score, 3).item.tolist() == [[1, 0, 2]] and best(score, 3).bound.tolist() == [0.5]
    assert best(score, 5).item.tolist() == [[1, 0, 2, 4, -1]] and best(score, 5).bound.tolist() == [-np.inf]


def test_neither_popularity_nor_tiny_counts_make_an_association() -> None:
    both, first, second = np.array([500, 50, 3, 10]), np.array([1000, 60, 3, 1000]), np.array([5000, 60, 3, 5000])
    popular, real, tiny, apart = association(both, first, second, 10_000)
    assert popular == 0 and real > tiny > 0 > apart
    cells = np.array([[50, 10], [10, 9930]])
    chance = np.outer(cells.sum(1), cells.sum(0)) / cells.sum()
    assert real == pytest.approx(np.sqrt(2 * (cells * np.log(cells / chance)).sum()), rel=1e-9), (
        "as G-squared is defined"
    )


def test_attributes_are_rare_words_of_the_catalogue_and_of_models() -> None:
    rows = [{"item_id": f"i{n}", "text": f"t{n}", "category": "c"} for n in range(6)]
    rows[0]["brand"] = rows[1]["brand"] = "b"
    rows[2]["attributes"] = [{"name": "size", "value": "L"}, {"name": "own", "value": "2"}]
    rows[3]["attributes"] = [{"name": "size", "value": "L"}]
    items = pa.Table.from_pylist(rows, arrow_schema(TABLES["items"], with_ds=False))
    said = [
        {"model": model, "prompt_version": "1", "text_sha256": text_sha256([text])[0], "kind": kind, "attributes": []}
        for model, text, kind in (("m", "t0", "lamp"), ("m", "t4", "lamp"), ("n", "t5", None), ("n", "t2", None))
    ]
    states = arrow_schema(TABLES["item_states"]).empty_table()
    of = signals(items, np.zeros((6, 3)), pa.Table.from_pylist(said, arrow_schema(TABLES["item_attributes"])), states)
    alike = (of.attributes @ of.attributes.T).toarray().round(6)
    assert alike[2].tolist() == [0, 0, 1, 1, 0, 0], "one size; what all have or one item alone says nothing"
    assert alike[0].tolist() == [1, 0.707107, 0, 0, 0.707107, 0], "a brand with one, and with another what a model says"
    assert not alike[5].any() and not of.text.any() and not of.factors.any()


def taken(*parts: tuple[str, int, list[int]]) -> pa.Table:
    rows = [(user, day, item) for user, day, items in parts for item in items]
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(("user_id", "day", "item"))})


def same(one: Baskets, other: Baskets) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def test_baskets_are_counted_once_and_their_users_too(monkeypatch: pytest.MonkeyPatch) -> None:
    log = [(user, day, [0, 1]) for user in "abcd" for day in (1, 2)] + [("a", 3, [2, 3]), ("b", 3, [2, 3])]
    found = counted(iter([taken(*log), taken(*log[:3])]), 5)
    assert (found.item.tolist(), found.other.tolist()) == ([0], [1]), "two users are too few"
    assert (found.baskets.tolist(), found.users.tolist(), found.all) == ([8], [4], 10)
    assert found.alone.tolist() == [8, 8, 2, 2, 0]
    assert same(found, counted(iter([taken(*reversed(log))]), 5))
    large = [(user, 1, list(range(80))) for user in "abc"]
    cut = counted(iter([taken(*large)]), 80)
    assert cut.alone.sum() == 3 * baskets.MOST_ITEMS and same(cut, counted(iter([taken(*reversed(large))]), 80))
    monkeypatch.setattr(baskets, "MOST_PAIRS", 5)
    half = counted(iter([taken(*((f"u{n}", 1, [0, 1]) for n in range(8)))]), 2)
    assert (half.step, half.all, half.users.tolist()) == (2, 4, [4])


def test_what_is_taken_together_is_listed_from_the_strongest_down() -> None:
    of = Baskets(*(np.array(x) for x in ([0, 0, 1], [1, 2, 2], [30, 9, 8], [20, 8, 8], [40, 50, 60])), all=1000)
    near = Together(of, Others(np.array([True, True, False]), np.array([0.0, 2.0, 0.0])))
    found = near.nearest(np.array([2, 0]), 2)
    assert found.item.tolist() == [[1, 0], [1, -1]] and found.bound.tolist() == [-np.inf, -np.inf]
    plain = association(np.array([30, 8, 9]), np.array([40, 50, 40]), np.array([50, 60, 60]), 1000).round(6)
    assert found.score[1, 0] == plain[0] + 2 and found.score[0].tolist() == [plain[1] + 2, plain[2]]
    told = near.told(np.array([2, 0]), np.array([1, 1]))
    assert (told["baskets"].to_pylist(), told["users"].to_pylist()) == ([8, 30], [8, 20])
