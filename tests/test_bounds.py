import pytest

from lsif.bounds import Bound
from lsif.checks import within


@pytest.mark.parametrize(
    ("value", "bound", "lowest", "verdict", "held_against"),
    [
        (0.5, Bound(), False, "pass", None),
        (0.5, Bound(warn=0.5), False, "pass", 0.5),
        (0.6, Bound(warn=0.5), False, "warn", 0.5),
        (0.6, Bound(warn=0.5, fail=0.9), False, "warn", 0.5),
        (1.0, Bound(warn=0.5, fail=0.9), False, "fail", 0.9),
        (0.4, Bound(warn=0.5), True, "warn", 0.5),
        (0.1, Bound(warn=0.5, fail=0.2), True, "fail", 0.2),
        (0.6, Bound(warn=0.5, fail=0.2), True, "pass", 0.2),
    ],
)
def test_the_worst_bound_that_is_passed_decides(value, bound, lowest, verdict, held_against):
    found = within("gini", value, bound, "too uneven", "checks.lists", lowest)
    assert (found.verdict, found.bound, found.section) == (verdict, held_against, "checks.lists")
    assert found.note == (None if verdict == "pass" else "too uneven")
