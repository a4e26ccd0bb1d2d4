"""Coverage, novelty and personalisation against brute force on random lists."""

from itertools import combinations

import numpy as np
import pytest

from lsif.evaluation.beyond import coverage, novelty, personalisation


@pytest.mark.parametrize("seed", range(3))
def test_personalisation_is_one_less_the_mean_overlap_of_pairs(seed: int) -> None:
    draws = np.random.default_rng(seed)
    lists = [set(draws.choice(40, 7, replace=False).tolist()) for _ in range(9)]
    overlap = np.mean([len(one & other) / 7 for one, other in combinations(lists, 2)])
    counts = np.unique([item for one in lists for item in one], return_counts=True)[1]
    assert personalisation(counts, len(lists), 7) == pytest.approx(1 - overlap)


def test_equal_lists_are_not_personal_and_disjoint_ones_are() -> None:
    assert personalisation(np.full(5, 4), 4, 5) == pytest.approx(0)
    assert personalisation(np.ones(20, np.int64), 4, 5) == pytest.approx(1)


def test_coverage_is_the_share_of_the_catalogue_shown() -> None:
    assert coverage(np.array([3, 1]), 8) == 0.25


def test_novelty_in_bits_with_half_a_user_where_nobody_had_it() -> None:
    assert novelty(np.array([8.0, 1.0, 0.0]), 8).tolist() == [0.0, 3.0, 4.0]
