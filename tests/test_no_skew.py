"""One score: the night, the evaluation and the command line come to their lists by the same function, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc

from lsif.ranking.night import lists_at
from lsif.registry import Registry
from tests.ranking import shop
from tests.ranking.harness import Shop

pytest_plugins = ["tests.ranking.harness"]
ROOT = Path(__file__).resolve().parent.parent

SCORING = "lsif/ranking/scoring.py"


def test_night_evaluation_and_command_line_give_the_same_rows(champion: Shop) -> None:
    champion.night()
    published = champion.tables.read("recommendations", [shop.DS]).drop_columns("ds")
    model = Registry().load("1")
    evaluated = lists_at(champion.tables, shop.DS, champion.settings, model)
    assert evaluated.equals(published)
    printed = champion.run("score_users", "--user", "u003")
    theirs = published.filter(pc.field("user_id") == "u003")["recommendation_id"].to_pylist()
    assert len(theirs) == 12 and all(one in printed for one in theirs)


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
    assert users_of("lsif.ranking.candidates", "candidates") == {"lsif/ranking/parts.py"}
    assert users_of("lsif.model.fusion_model", "new_to_user") == inside_training
    assert users_of("lsif.ranking.parts", "best_items") == {SCORING}
    assert users_of("lsif.ranking.rows", "fusion_rows") == {SCORING}


def test_every_list_comes_from_the_one_path() -> None:
    assert users_of("lsif.ranking.scoring", "recommend_batches") == {"jobs/score_users.py"}
    assert users_of("lsif.ranking.scoring", "recommend") == {"lsif/ranking/night.py"}
    assert users_of("lsif.ranking.night", "lists_at") == {"jobs/score_users.py", "lsif/ranking/trial.py"}


def test_training_and_scoring_read_through_the_same_two_functions() -> None:
    readers = users_of("lsif.interests.as_of", "known_at")
    assert {"lsif/ranking/night.py", "lsif/ranking/learning.py"} <= readers
    assert users_of("lsif.features.snapshot", "snapshot") == {SCORING, "lsif/ranking/learning.py"}
