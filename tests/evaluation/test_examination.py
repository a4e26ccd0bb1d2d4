"""How far rows are looked at less, from drawn rows of a world of which the truth is known."""

import numpy as np
import pyarrow as pa
import pytest

from lsif.evaluation.examination import MOST, Examination, examination
from lsif.features.ragged import Array

RANKS = np.array([3, 6, 10, 15, 20])


def world(seed: int, steepness: float, shown: int = 4000) -> pa.Table:
    """Two pools of items, one more wanted than the other; what a rank shows has nothing to do with it."""
    chance = np.random.default_rng(seed)
    rows = []
    for name, wanted in (("explored", 0.2), ("rotated", 0.6)):
        hits = chance.binomial(shown, wanted * RANKS**-steepness)
        rows += [_row(f"drawn.{name}={rank}", shown, hit) for rank, hit in zip(RANKS, hits, strict=True)]
    return pa.Table.from_pylist([*rows, _row("rank=1", 10_000, 9_000), _row("users=all", 20_000, 9_500)])


def _row(segment: str, n: int, hits: int) -> dict[str, object]:
    return {"list": "discover", "metric": "click_through", "segment": segment, "n": int(n), "hits": int(hits)}


@pytest.mark.parametrize("steepness", [0.0, 0.7, 1.5])
def test_the_true_steepness_lies_in_the_interval(steepness: float) -> None:
    found = [examination(world(seed, steepness)) for seed in range(100)]
    assert sum(one is not None and one.low <= steepness <= one.high for one in found) >= 90
    assert all(one is not None and one.high - one.low < 0.4 for one in found)


def test_days_add_up() -> None:
    half = [world(seed, 0.7, 2000) for seed in (1, 2)]
    found, first = examination(pa.concat_tables(half)), examination(half[0])
    assert found is not None and first is not None
    assert found.shown == 2 * first.shown
    assert found.high - found.low < 0.8 * (first.high - first.low)


def test_few_answers_or_one_rank_say_nothing() -> None:
    rows = world(0, 0.7)
    at_one_rank = rows.filter(pa.compute.ends_with(rows["segment"], "=10"))
    assert examination(at_one_rank) is None
    assert examination(world(0, 0.7, 20)) is None
    assert examination(rows.slice(0, 0)) is None


def test_what_people_want_is_found_behind_what_they_look_at() -> None:
    """Clicks on ranked lists tell how wanted an item is wherever it stood once they are weighted, and not before."""
    biased = unbiased = 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        found = examination(world(seed, 0.8))
        assert found is not None
        rank, wanted = np.tile(RANKS, 4000), 0.3
        clicked = chance.random(len(rank)) < wanted * rank**-0.8
        biased += _holds(clicked.astype(float), wanted)
        unbiased += _holds(clicked * rank**found.steepness, wanted, slack=found.high - found.low)
    assert unbiased >= 90
    assert biased == 0


def _holds(each: Array, truth: float, slack: float = 0.0) -> bool:
    """Whether the mean's interval has the truth; `slack` is how wide the steepness itself is known."""
    error = 1.96 * each.std() / len(each) ** 0.5 + each.mean() * slack / 2 * np.log(RANKS).mean()
    return bool(abs(each.mean() - truth) <= error)


def test_a_row_from_below_counts_for_more_and_never_for_too_much() -> None:
    of = Examination(0.5, 0.4, 0.6, 1000, 100)
    assert of.worth(np.array([1, 4, 9])).tolist() == pytest.approx([1, 2, 3])
    assert Examination(3, 3, 3, 1, 1).worth(np.array([100])).tolist() == [MOST]
    assert Examination(-0.2, -1, 1, 1, 1).worth(np.array([20])).tolist() == [1]
