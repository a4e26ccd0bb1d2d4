"""Histograms add up and nest, and the index says how far one is from another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsif.drift.grid import Grid
from lsif.drift.histogram import Histogram
from lsif.drift.psi import psi

NUMBERS = st.lists(st.floats(-50, 50, allow_nan=False) | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=40)
DRAWS = np.random.default_rng(0)


def same(one: Histogram, other: Histogram) -> bool:
    return one.to_row() == other.to_row()


@given(NUMBERS, NUMBERS, st.integers(-3, 2), st.integers(0, 4))
def test_the_histogram_of_all_is_the_sum_of_its_parts_in_bins_of_either_width(
    one: list[float], two: list[float], width: int, more: int
) -> None:
    ours, theirs = np.array(one), np.array(two)
    whole = Histogram.of(np.concatenate([ours, theirs]), width + more)
    assert same(whole, Histogram.of(ours, width) + Histogram.of(theirs, width + more))
    assert same(whole, Histogram.of(theirs, width) + Histogram.of(ours, width + more))
    assert same(whole, Histogram.from_row(whole.to_row()))
    assert whole.counted + whole.missing == len(one) + len(two)


def test_a_bin_holds_what_is_at_least_its_start() -> None:
    found = Histogram.of(np.array([-0.25, -0.01, 0.0, 0.24, 0.5, np.nan]), -2)
    assert (found.first, found.counts.tolist(), found.missing) == (-1, [2, 2, 0, 1], 1)


def test_the_smallest_number_below_nought_is_below_it_in_bins_of_any_width() -> None:
    for kind in (np.float32, np.float64):
        least = np.array([-np.finfo(kind).smallest_subnormal])
        assert [Histogram.of(least, width).first for width in (-2, 0, 1, 5)] == [-1] * 4
        grid = Grid(("a",), np.zeros(1, np.int64), np.array([1]), np.array([-4]), np.array([4]))
        assert grid.count(least[:, None])["a"].first == -1


def test_columns_are_counted_as_the_model_reads_them() -> None:
    grid = Grid.of(("a", "still", "b"), np.array([0.0, 7.0, 10.0]), np.array([1.0, np.inf, 3.0]), clip=5.0)
    assert grid.names == ("a", "b") and grid.width.tolist() == [-2, -1]
    values = np.array([[0.1, 1, 10.2], [99.0, 2, np.nan], [-99.0, 3, 10.4]], np.float32)
    a, b = grid.count(values).values()
    assert (a.first, a.first + len(a.counts) - 1, a.counted, a.missing) == (-20, 20, 3, 0), "clipped at five deviations"
    assert same(b, Histogram(-1, 20, np.array([2]), 1))
    whole = grid.count(values[[0, 2]])["a"] + grid.count(values[[1]])["a"]
    assert same(whole, a)


def test_the_index_of_two_parts_is_its_formula() -> None:
    reference, tonight = (Histogram(0, 0, np.array(counts)) for counts in ([500, 500], [800, 200]))
    # .5 % of all is added to each part: p = q = .5 stays, .8 becomes .805 / 1.01.
    high, low = 0.805 / 1.01, 0.205 / 1.01
    expected = (high - 0.5) * np.log(high / 0.5) + (low - 0.5) * np.log(low / 0.5)
    assert psi(reference, tonight) == pytest.approx(expected, abs=1e-12)
    assert psi(reference, reference) == 0


SHAPES = {
    "normal": lambda n: DRAWS.normal(0, 1, n),
    "log": lambda n: np.log1p(DRAWS.geometric(0.2, n)),
    "mostly nought": lambda n: DRAWS.binomial(1, 0.04, n) * DRAWS.exponential(2, n),
    "mostly one": lambda n: 1 - DRAWS.binomial(1, 0.04, n) * DRAWS.uniform(0, 1, n),
    "yes or no": lambda n: DRAWS.binomial(1, 0.3, n).astype(float),
    "two hills": lambda n: DRAWS.normal(0, 0.3, n) + 5 * DRAWS.binomial(1, 0.5, n),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way", [1, -1])
def test_a_shift_of_one_deviation_is_far_and_another_draw_is_near(shape: str, way: int) -> None:
    before, now = SHAPES[shape](14_000)[:, None], SHAPES[shape](1_000)[:, None]
    deviation = before.std(0)
    grid = Grid.of(("x",), before.mean(0), deviation, clip=5.0)
    was = grid.count(before)["x"]
    assert psi(was, grid.count(now)["x"]) < 0.05
    assert psi(was, grid.count(now + way * deviation)["x"]) > 0.5
