"""What a training spends: two accountants agree, the noise keeps to the wanted epsilon, a total is held."""

import pytest

from lsif.differential import Differential
from lsif.errors import LsifError
from lsif.privacy.budget import budget, check_total, spent
from tests.privacy import pld


@pytest.mark.parametrize(
    ("noise", "rate", "steps"), [(0.7, 0.01, 300), (1.0, 0.03, 100), (1.5, 0.1, 60), (3.0, 0.25, 40), (5.0, 1.0, 10)]
)
def test_an_independent_accountant_says_the_same(noise: float, rate: float, steps: int) -> None:
    assert spent(noise, rate, steps, 1e-5) == pytest.approx(pld.epsilon(noise, rate, steps, 1e-5), rel=0.05)


def test_the_other_accountant_knows_the_gaussian_mechanism() -> None:
    """Of one step on everybody: noise 3.730 gives epsilon 1 at delta 1e-5 (Balle and Wang, 2018, analytic)."""
    assert pld.epsilon(3.730, 1.0, 1, 1e-5) == pytest.approx(1.0, rel=0.005)


@pytest.mark.parametrize("epsilon", [1.0, 8.0])
def test_the_noise_is_as_little_as_the_wanted_epsilon_allows(epsilon: float) -> None:
    found = budget(Differential(epsilon=epsilon, passes=2), users=2_000, batch=64)
    assert (found.rate, found.steps) == (64 / 2_000, 63)
    assert 0.95 * epsilon < found.epsilon <= epsilon


def test_a_delta_that_protects_nobody_is_refused() -> None:
    with pytest.raises(LsifError, match=r"delta = 0\.001 is too large for 2,000 users"):
        budget(Differential(epsilon=1, delta=1e-3), 2_000, 64)


def test_a_home_spends_no_more_than_its_total() -> None:
    spent_before = [{"privacy_epsilon": "3.0"}, {}, {"privacy_epsilon": "2.5"}]
    assert check_total(Differential(epsilon=2, total_epsilon=7.5), spent_before) == 5.5
    with pytest.raises(LsifError, match=r"have spent epsilon 5.5 of \[privacy\] total_epsilon = 7"):
        check_total(Differential(epsilon=2, total_epsilon=7), spent_before)
