"""The recipes of docs/architecture.md, followed: settings and calls as they stand, lines put where the text says."""

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from lsif import schema
from lsif.config import Settings, load_settings
from lsif.evaluation import baselines, judgement
from lsif.features import item_features
from lsif.features.vocabulary import build_index
from lsif.interests import contract
from lsif.tables import Tables
from tests.interests import test_contract
from tests.interests.deliver import line, write
from tests.ranking import shop

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ARCHITECTURE = (Path(__file__).resolve().parent.parent / "docs/architecture.md").read_text()


def recipe(language: str, holds: str) -> str:
    """The one block of this language that holds these words."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", ARCHITECTURE, re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if holds in block]
    return str(found)


def followed(module: ModuleType, **lines: str) -> ModuleType:
    """A copy of `module` with each of `lines` put before the one place in it that `PLACES` names."""
    source = Path(module.__file__ or "").read_text()
    for place, text in lines.items():
        assert source.count(PLACES[place]) == 1, f"the text of the recipe no longer leads to {place}"
        before = " " * (len(PLACES[place]) - len(PLACES[place].lstrip()))
        source = source.replace(PLACES[place], f"{before}{text.strip()}\n{PLACES[place]}")
    changed = ModuleType(module.__name__)
    exec(compile(source, str(module.__file__), "exec"), vars(changed))
    return changed


PLACES = {
    "rule": '        "long_text": ',
    "name": "COLUMNS = (*ITEM_FEATURES",
    "numbers": "    return np.stack(columns",
    "baseline": "    return lists | {",
}


def test_an_event_type(home: Path) -> None:
    (home / "recipe.toml").write_text(recipe("toml", "browse"))
    known = load_settings(home / "recipe.toml")
    assert (known.event_types["browse"], known.sources["site"].event_type) == (0.2, "browse")


def test_a_rule_for_events(spark: "SparkSession", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = followed(contract, rule=recipe("python", "test_item"))
    monkeypatch.setattr(test_contract, "judged", changed.judged)
    path = write(tmp_path / "2017-03-12.csv", line(1), line(2, item="test-1"))
    stopped = test_contract.broken(test_contract.judge(spark, path))
    assert {rule: len(rows) for rule, rows in stopped.items()} == {"test_item": 1}


def test_a_check_of_the_audit() -> None:
    added: dict[str, str] = {}
    exec(recipe("python", "FAIL["), {"FAIL": added})
    with duckdb.connect() as sql:
        sql.register("listed", pa.table({"user_id": ["u", "u"], "item_id": ["i1", "x2"]}))
        sql.register("items", pa.table({"item_id": ["i1", "x2"]}))
        assert sql.execute(added["titles"]).fetchall() == [("no title for the item x2",)]


def test_a_feature_of_items(settings: Settings) -> None:
    name, numbers = recipe("python", "came_back").splitlines()
    changed = followed(item_features, name=name, numbers=numbers)
    twice = [("ann", "i001", shop.TODAY - timedelta(days=days)) for days in (1, 9)]
    known = shop.known([*twice, ("bob", "i002", shop.TODAY)], settings, shop.catalogue(3))
    text = np.zeros((3, 4), np.float32)
    index = build_index(known.states(settings), known.items, text, ("purchase",), shop.ENCODER)
    made = changed.item_features(known.states(settings), index)
    assert made.shape[1] == len(changed.COLUMNS) == len(item_features.COLUMNS) + 1
    column = made[:, changed.COLUMNS.index("log_users_who_came_back")]
    assert column.tolist() == [0, np.float32(np.log(2)), 0]


def test_a_baseline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = followed(baselines, baseline=recipe("python", "popularity_of_the_day"))
    monkeypatch.setattr(judgement, "baselines", changed.baselines)
    one_list = settings.model_copy(update={"lists": {"for_you": settings.lists["for_you"]}})
    at = shop.known([("ann", "i001", shop.TODAY), ("bob", "i002", shop.TODAY)], one_list, shop.catalogue(3))
    published = pa.table({"list": ["for_you"], "user_id": ["ann"], "rank": [1], "item_id": ["i001"]})
    later = datetime.combine(shop.TODAY, time(), UTC) + timedelta(days=2)
    event = {"user_id": "ann", "item_id": "i002", "event_time": later, "weight": 1.0}
    found = judgement.judgement({"lsif": [published]}, at, shop.table("events", [event]), one_list, cuts=(2,))
    (recall,) = [r["value"] for r in found if (r["contender"], r["metric"]) == ("popularity_of_the_day", "recall@2")]
    assert recall == 1


def test_a_table(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schema.TABLES, "prices", schema.TABLES["items"])  # so that what the recipe adds is taken out
    exec(recipe("python", "TABLES["), {**vars(schema), "tables": tables, "pa": pa})
    assert tables.read("prices", ["2017-01-01"]).to_pylist() == [{"item_id": "a", "price": 1.0, "ds": "2017-01-01"}]
