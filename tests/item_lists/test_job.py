"""The real job on a planted shop: what belongs together is found, what may not be listed is not, by the rules."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lsif import cli
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.item_lists import planted
from tests.scripts import run_job

LISTS = """
[model]
text_encoder = "hashing"
[item_lists]
similar_items = { k = 3 }
taken_together = { k = 3 }
"""
Lists = dict[str, list[dict[str, Any]]]


class Planted:
    """The shop's home, and its job."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.home, self._patch, self._capture = home, patch, capture
        self.tables = Tables(str(home / "tables"))

    def run(self, *arguments: str, step: str = "item_lists", code: int = 0) -> str:
        return run_job(self._patch, self._capture, step, "--ds", planted.DS, *arguments, code=code)

    def configure(self, lists: str) -> None:
        (self.home / "shop.toml").write_text(SHOP + lists)

    def lists(self, name: str) -> Lists:
        """Rows by item, in order of rank."""
        found: Lists = defaultdict(list)
        for row in self.tables.read(name, [planted.DS]).to_pylist():
            found[row["item_id"]].append(row)
            assert row["rank"] == len(found[row["item_id"]]), "ranks follow each other"
        return dict(found)


@pytest.fixture
def shop(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Planted:
    made = Planted(home, monkeypatch, capsys)
    made.configure(LISTS)
    planted.write(made.tables)
    return made


def others(rows: list[dict[str, Any]]) -> list[str]:
    return [row["other_item_id"] for row in rows]


def test_what_belongs_together_stands_together(shop: Planted) -> None:
    assert "17 rows in" in shop.run() and "nothing to do" in shop.run()
    together, similar = shop.lists("taken_together"), shop.lists("similar_items")
    assert others(together["cup"]) == ["saucer"], "and neither milk, which everybody takes, nor what two households do"
    assert {name: together["cup"][0][name] for name in ("baskets", "users")} == {"baskets": 60, "users": 30}
    assert "rare1" not in together and "mug" not in together, "too few, and too long ago"
    assert others(similar["cup"])[0] == "twin" and others(similar["twin"])[:2] == ["cup", "mug"], "a cold item"
    assert similar["twin"][0]["text"] == pytest.approx(1.0) and similar["twin"][0]["factors"] is None
    assert others(similar["saucer"])[0] == "cup" and similar["saucer"][0]["factors"] > 0.99
    listed = {row["other_item_id"] for rows in similar.values() for row in rows}
    assert "gone" not in listed | similar.keys() and all(item not in others(rows) for item, rows in similar.items())
    before = {name: shop.tables.content_hash(name, planted.DS) for name in ("similar_items", "taken_together")}
    shop.run("--force")
    assert {name: shop.tables.content_hash(name, planted.DS) for name in before} == before


def test_rules_hold_for_them_too(shop: Planted) -> None:
    (shop.home / "blocked.txt").write_text("twin\n")
    shop.configure("""
[ranking.rules]
where = "item_id <> 'saucer'"
caps = [{ column = "category", most = 1 }]
[item_lists.similar_items]
k = 30
rules.blocked_items = "blocked.txt"
rules.boosts = [{ where = "title like 'rolled%'", add = 3.0 }]
rules.caps = [{ column = "category", most = 2 }]
[item_lists.taken_together]
""")
    shop.run()
    similar, together = shop.lists("similar_items"), shop.lists("taken_together")
    assert all(rows == [] or "saucer" not in others(rows) for rows in (*similar.values(), *together.values()))
    assert others(together["saucer"]) == ["cup"], "an item that may not be listed has a page all the same"
    assert not any("twin" in others(rows) for rows in similar.values())
    raised = [row for rows in similar.values() for row in rows if row["rule_part"]]
    assert {row["other_item_id"] for row in raised} == {"oats"} and {row["rule_part"] for row in raised} == {3.0}
    assert others(similar["milk"])[0] == "oats"
    kinds = [[planted.CATEGORY.get(other, "other") for other in others(rows)] for rows in similar.values()]
    assert max(of.count(kind) for of in kinds for kind in of) == 2
    assert "saucer" in similar and len(similar["soap1"]) == 2, "as many as the cap lets stand"


def test_the_command_shows_them_with_titles(shop: Planted) -> None:
    ask = CliRunner()
    nothing = ask.invoke(cli.app, ["similar", "cup"]).exception
    assert "no list beside items is made for any day: name them in [item_lists]" in str(nothing)
    shop.run()
    found = json.loads(ask.invoke(cli.app, ["similar", "cup", "--json"]).output)
    first = {row["list"]: row for row in reversed(found)}
    assert {name: row["title"] for name, row in first.items()} == {
        "similar_items": "blue china cup",
        "taken_together": "oak saucer plate",
    }
    said = ask.invoke(cli.app, ["similar", "cup", "--list", "taken_together", "--ds", planted.DS]).output.splitlines()
    assert said[0] == "item cup, ds=2017-06-30" and said[2].split()[:3] == ["taken_together", "1", "saucer"]
    assert "nothing stands beside item 'gone'" in str(ask.invoke(cli.app, ["similar", "gone"]).exception)
    other = ask.invoke(cli.app, ["similar", "cup", "--list", "for_you"]).exception
    assert "there is no list 'for_you' beside items, but similar_items, taken_together" in str(other)


def test_what_is_missing_is_a_line(shop: Planted) -> None:
    shop.configure('[model]\ntext_encoder = "hashing"\n')
    assert "the configuration has no [item_lists] that names a list beside items" in shop.run(code=2)
    shop.configure(LISTS)
    shop.tables.remove("history_tiles", [planted.DS])
    assert f"table history_tiles lacks {planted.DS}" in shop.run(code=2)
