"""The metrics equal a well-known library's (ranx, with its usual ideal) on random cases, and a case by hand."""

import os

import numpy as np
import pyarrow as pa
import pytest

from lsif.evaluation.metrics import METRICS, judged, per_user

os.environ["NUMBA_DISABLE_JIT"] = "1"  # ranx's dependency would compile for a minute what runs for a second

from ranx import Qrels, Run, evaluate

NAMES_IN_RANX = {"ndcg": "ndcg", "recall": "recall", "hit_rate": "hit_rate", "map": "map", "mrr": "mrr"}


def lists_table(lists: dict[str, list[str]]) -> pa.Table:
    rows = [(user, rank, item) for user, items in lists.items() for rank, item in enumerate(items, 1)]
    return pa.table(dict(zip(("user_id", "rank", "item_id"), map(list, zip(*rows, strict=True)), strict=True)))


def truth_table(truth: dict[str, set[str]]) -> pa.Table:
    rows = [(user, item) for user, items in truth.items() for item in sorted(items)]
    return pa.table(dict(zip(("user_id", "item_id"), map(list, zip(*rows, strict=True)), strict=True)))


def random_case(seed: int) -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    draws = np.random.default_rng(seed)
    items = [f"i{n:02d}" for n in range(30)]
    users = [f"u{n}" for n in range(25)]
    lists = {user: list(draws.permutation(items)[:20]) for user in users}
    truth = {user: set(draws.choice(items, draws.integers(1, 28), replace=False)) for user in users}
    return lists, truth


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 10, 20])
def test_metrics_equal_the_librarys(seed: int, k: int) -> None:
    lists, truth = random_case(seed)
    users = sorted(truth)
    ours = per_user(judged(lists_table(lists), truth_table(truth), users, 20), k)
    qrels = Qrels({user: dict.fromkeys(map(str, items), 1) for user, items in truth.items()})
    run = Run({u: {str(item): 100.0 - r for r, item in enumerate(items)} for u, items in lists.items()})
    theirs = evaluate(qrels, run, [f"{NAMES_IN_RANX[name]}@{k}" for name in METRICS])
    for name in METRICS:
        expected = theirs[f"{NAMES_IN_RANX[name]}@{k}"]
        assert np.mean(ours[name]) == pytest.approx(expected, abs=1e-9), name


def test_a_case_by_hand() -> None:
    marks = judged(lists_table({"u": ["a", "b", "c"]}), truth_table({"u": {"b", "x"}}), ["u"], 3)
    values = {name: of[0] for name, of in per_user(marks, 3).items()}
    ideal = 1 + 1 / np.log2(3)
    assert values["ndcg"] == pytest.approx((1 / np.log2(3)) / ideal)
    assert (values["recall"], values["hit_rate"], values["map"], values["mrr"]) == (0.5, 1.0, 0.25, 0.5)


def test_a_user_without_a_list_scores_zero_and_is_not_left_out() -> None:
    marks = judged(lists_table({"u": ["a"]}), truth_table({"u": {"a"}, "v": {"a"}}), ["u", "v"], 1)
    assert per_user(marks, 1)["ndcg"].tolist() == [1.0, 0.0]


def test_truth_of_others_is_not_ones_own() -> None:
    marks = judged(lists_table({"u": ["a"]}), truth_table({"u": {"b"}, "v": {"a"}}), ["u"], 1)
    assert not marks.hits.any()


def test_a_judged_user_without_truth_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one relevant"):
        judged(lists_table({"u": ["a"]}), truth_table({"v": {"a"}}), ["u"], 1)
