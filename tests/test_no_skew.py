"""One score: the night, the evaluation and the command line come to their lists by the same function, and no other."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from lsif.days import day_before
from lsif.features import known
from lsif.features.evening import evening
from lsif.features.known import Everyone
from lsif.features.steps import store_states
from lsif.ranking.night import lists_at
from lsif.ranking.scoring import recommend
from lsif.registry import Registry
from lsif.rule_columns import heard_by_rules
from lsif.tables import Tables
from tests.ranking import shop
from tests.ranking.harness import Shop

pytest_plugins = ["tests.ranking.harness"]
ROOT = Path(__file__).resolve().parent.parent

SCORING = "lsif/ranking/scoring.py"


def test_night_evaluation_and_command_line_give_the_same_rows(champion: Shop) -> None:
    champion.night()
    published = champion.tables.read("recommendations", [shop.DS]).drop_columns("ds")
    model = Registry().load("1")
    sections = ("event_types", "interests", "ranking", "lists", "llm", "checks", "text")
    settings = heard_by_rules(champion.settings.only(sections))
    assert lists_at(champion.tables, shop.DS, settings, model).equals(published)
    printed = champion.run("score_users", "--user", "u003")
    theirs = published.filter(pc.field("user_id") == "u003")["recommendation_id"].to_pylist()
    assert len(theirs) > 24 and all(one in printed for one in theirs)


def test_blocks_of_users_do_not_change_a_bit(champion: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of what all users share nor of anybody's list, however few are read and scored at once."""
    model, settings, tables = Registry().load("1"), champion.settings, champion.tables
    lists, states = lists_at(tables, shop.DS, settings, model), tables.content_hash("item_states", shop.DS)
    spans = list(Everyone(tables, shop.DS, settings).spans(shop_users := Everyone(tables, shop.DS, settings).ids))
    assert [len(span) for span in spans] == [len(shop_users)]
    monkeypatch.setattr(known, "BLOCK", 3)
    monkeypatch.setattr(known, "SPAN", 7)
    assert [len(span) for span in Everyone(tables, shop.DS, settings).spans(shop_users)] == [6, 6, 6, 6, 6]
    assert lists_at(tables, shop.DS, settings, model).equals(lists)
    store_states(tables, shop.DS, settings)
    assert tables.content_hash("item_states", shop.DS) == states


@pytest.mark.parametrize("fewer", [0, 1])
def test_the_long_part_is_that_of_tables_in_which_the_last_days_never_arrived(champion: Shop, fewer: int) -> None:
    """And not that of tables in which one day less had."""
    settings, model, known_to = champion.settings, Registry().load("1"), champion.settings.interests.recent_days
    earlier = day_before(shop.DS, known_to + fewer)
    log = [event for event in shop.events() if event[2].isoformat() <= earlier]
    ended = Tables(str(champion.home / "ended"))
    shop.write_log(ended, settings, log, shop.catalogue(), [earlier])
    at = evening(champion.tables, shop.DS, settings, model.index.text_encoder)
    long = [
        recommend(model, replace(at, earlier=people), settings)["long_part"].to_numpy()
        for people in (at.earlier, Everyone(ended, earlier, settings))
    ]
    assert len(long[0]) > 500 and np.count_nonzero(long[0]) > 500
    assert (len(long[0]) == len(long[1]) and np.abs(long[0] - long[1]).max() <= 1e-6) == (not fewer)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("lsif", "jobs", "dags"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


def users_of(module: str, name: str) -> set[str]:
    """Files that import `name` from `module`."""
    return {
        file
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module and name in {alias.name for alias in node.names}
    }


def test_nobody_but_the_one_path_computes_a_score() -> None:
    inside_training = {"lsif/learning/step.py", "lsif/learning/validation.py"}
    assert not users_of("lsif.model.fusion_model", "scores"), "the sum of the parts, for tests alone"
    assert users_of("lsif.ranking.candidates", "candidates") == {"lsif/ranking/pool.py"}
    assert users_of("lsif.model.fusion_model", "new_to_user") == inside_training
    assert users_of("lsif.ranking.parts", "exact_scores") == {
        "lsif/ranking/evidence.py",
        "lsif/ranking/pool.py",
        SCORING,
    }
    assert users_of("lsif.ranking.pool", "pool") == {SCORING, "lsif/ranking/generators.py"}
    assert users_of("lsif.ranking.ruled", "ruled") == {"lsif/ranking/by_rules.py", "lsif/ranking/why.py"}
    assert users_of("lsif.ranking.rows", "ranked_rows") == {SCORING, "lsif/ranking/popular_lists.py"}


def test_every_list_comes_from_the_one_path() -> None:
    assert users_of("lsif.ranking.scoring", "recommend_batches") == {"lsif/ranking/night.py"}
    assert users_of("lsif.ranking.scoring", "Night") == {"lsif/ranking/by_executors.py", "lsif/ranking/night.py"}
    assert users_of("lsif.ranking.night", "write_lists") == {"lsif/ranking/variants.py"}
    assert users_of("lsif.ranking.variants", "write_variants") == {"jobs/score_users.py"}
    assert users_of("lsif.ranking.scoring", "recommend") == {"lsif/ranking/night.py"}
    assert users_of("lsif.ranking.night", "lists_at") == {
        "lsif/evaluation/explain.py",
        "lsif/lookup.py",
        "lsif/what_if_command.py",
    }
    assert users_of("lsif.ranking.night", "lists_one_by_one") == {"lsif/verify.py"}
    assert users_of("lsif.ranking.night", "parts_at") == {"lsif/learning/trial.py"}
    assert users_of("lsif.ranking.night", "lists_of") == {"jobs/score_users.py"}


def test_training_and_scoring_read_through_the_same_two_functions() -> None:
    assert {"lsif/features/evening.py", "lsif/learning/lessons.py"} <= users_of("lsif.features.known", "Everyone")
    assert users_of("lsif.features.snapshot", "snapshot") == {SCORING, "lsif/learning/lessons.py"}
    assert users_of("lsif.features.shared", "shared") == {SCORING, "lsif/learning/lessons.py"}
