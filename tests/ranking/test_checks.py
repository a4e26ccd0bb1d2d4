"""Every check of the audit, red once, on rows that differ from good ones in one thing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
import torch

from lsif import engine
from lsif.config import Settings
from lsif.errors import LsifError
from lsif.list_rules import ListRules
from lsif.ranking.checks import FAIL, WARN, Expected, audit, passed
from lsif.ranking.popular import available_items
from lsif.ranking.tally import Tally
from tests.known import Known
from tests.ranking import shop

Rows = list[dict[str, Any]]


def expected(at: Known, settings: Settings) -> Expected:
    """What belongs to a night of those who had so much."""
    items = available_items(at.items)
    of_sale = {
        row["user_id"]: {one["item_id"] for one in row["items"]} & {*items.to_pylist()}
        for row in at.histories.to_pylist()
    }
    had = pa.Table.from_pylist([{"user_id": user, "owned": len(items)} for user, items in of_sale.items()])
    rules = {name: settings.rules_of(name) for name in settings.lists}
    closed = pa.table({"list": ["discover"], "item_id": ["i009"]})
    looked_into = at.ids[:2]
    touched = [
        {"user_id": row["user_id"], "item_id": one["item_id"], "piece": piece}
        for piece, rows, name in (("history", at.histories, "items"), ("window", at.windows, "events"))
        for row in rows.to_pylist()
        for one in row[name]
    ]
    known = pa.Table.from_pylist(touched)
    return Expected(at.ids, items, settings.lists, rules, {}, closed, lambda users: had, looked_into, known)


@pytest.fixture(params=[engine.SOME, 4], ids=["whole", "some"])
def night(
    settings: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[pa.Table, Expected]:
    monkeypatch.setattr(engine, "SOME", request.param)
    small = shop.small(settings, k=3)
    at = shop.known(shop.events(users=6, items=10), small, shop.catalogue(10, unavailable=("i009",)))
    vectors = shop.vectors(at.items)
    rows = shop.recommended(shop.trained(at, vectors, small), at, vectors, small, tally=Tally())
    wanted = expected(at, small)
    missing = 3 * len(at.ids) - rows["list"].to_pylist().count("discover")
    ruled = {**wanted.rules, "discover": ListRules(where="item_id <> 'i009'")}
    return rows, replace(wanted, rules=ruled, missing={"discover": missing})


def test_good_rows_pass(night: tuple[pa.Table, Expected]) -> None:
    found = audit(*night)
    assert passed(found) == []
    assert {check.name: check.verdict for check in found} == dict.fromkeys([*FAIL, *WARN], "pass")


def set_first(**values: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [{**rows[0], **values}, *rows[1:]]


BROKEN: dict[str, Callable[[Rows], Rows]] = {
    "lists": set_first(list="strange"),
    "row_count": lambda rows: rows[1:],
    "users": set_first(user_id="nobody"),
    "missing_rows": lambda rows: [row for row in rows if (row["list"], row["rank"]) != ("discover", 3)],
    "filters": lambda rows: [{**row, "item_id": "i009"} if row["list"] == "discover" else row for row in rows],
    "ranks": set_first(rank=4),
    "duplicates": lambda rows: [{**rows[0], "item_id": rows[1]["item_id"]}, *rows[1:]],
    "items": set_first(item_id="i009"),
    "scores": lambda rows: [{**rows[0], "score": rows[1]["score"] - 1}, *rows[1:]],
    "shares": set_first(long_share=1.5),
    "parts": set_first(long_part=99.0),
    "evidence": lambda rows: [
        {**row, "evidence": [{**row["evidence"][0], "item_id": "i099"}]} if row["evidence"] else row for row in rows
    ],
    "one_version": set_first(model_version="8"),
    "recommendation_ids": lambda rows: [{**rows[0], "recommendation_id": rows[1]["recommendation_id"]}, *rows[1:]],
}


def test_every_check_is_tried_below() -> None:
    assert BROKEN.keys() == FAIL.keys()


@pytest.mark.parametrize("check", BROKEN)
def test_a_broken_night_is_stopped_by_the_check_made_for_it(check: str, night: tuple[pa.Table, Expected]) -> None:
    rows, expected = night
    broken = pa.Table.from_pylist(BROKEN[check](rows.to_pylist()), schema=rows.schema)
    assert check in {found.name for found in audit(broken, expected) if found.verdict == "fail"}
    with pytest.raises(LsifError, match=f"nothing is published: .*fail {check}: "):
        passed(audit(broken, expected))


@pytest.mark.parametrize(
    ("check", "column"),
    {"users": "user_id", "ranks": "rank", "items": "item_id", "scores": "score", "shares": "long_share"}.items(),
)
def test_a_null_is_not_passed_over(check: str, column: str, night: tuple[pa.Table, Expected]) -> None:
    rows, expected = night
    broken = pa.Table.from_pylist(set_first(**{column: None})(rows.to_pylist()), schema=rows.schema)
    assert check in {found.name for found in audit(broken, expected) if found.verdict == "fail"}


def test_a_row_without_a_version_is_another_version(night: tuple[pa.Table, Expected]) -> None:
    rows, expected = night
    broken = pa.Table.from_pylist(set_first(model_version=None)(rows.to_pylist()), schema=rows.schema)
    assert [(found.name, found.note) for found in audit(broken, expected) if found.verdict == "fail"] == [
        ("one_version", "model versions in one night: 7, null")
    ]


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_is_a_finite_number(score: float, night: tuple[pa.Table, Expected]) -> None:
    rows, expected = night
    broken = pa.Table.from_pylist(set_first(score=score)(rows.to_pylist()), schema=rows.schema)
    assert [found.name for found in audit(broken, expected) if found.verdict != "pass"] == ["scores", "parts"]


def test_a_night_without_a_model_warns_and_passes(settings: Settings) -> None:
    small = shop.small(settings, k=3)
    at = shop.known(shop.events(users=6, items=10), small, shop.catalogue(10))
    rows = shop.recommended(None, at, shop.vectors(at.items), small)
    warnings = passed(audit(rows, expected(at, small)))
    assert [w.split(":")[0] for w in warnings] == ["warn no_model", "warn fallback"]


def test_no_rows_at_all_do_not_pass(night: tuple[pa.Table, Expected]) -> None:
    rows, expected = night
    with pytest.raises(LsifError, match=r"fail row_count: 0 rows in the list \w+ of the user u000"):
        passed(audit(rows.slice(0, 0), expected))


def test_a_model_of_nans_is_stopped_by_the_audit(settings: Settings) -> None:
    small = shop.small(settings, k=3)
    at = shop.known(shop.events(users=6, items=10), small, shop.catalogue(10))
    vectors = shop.vectors(at.items)
    broken = shop.trained(at, vectors, small)
    with torch.no_grad():
        broken.model.log_temperature.fill_(torch.nan)
    rows = shop.recommended(broken, at, vectors, small)
    with pytest.raises(LsifError, match="fail row_count: 0 rows in the list"):
        passed(audit(rows, expected(at, small)))
