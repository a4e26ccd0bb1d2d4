"""A night held against those before it: what is young passes, what moved is named, a weekday is no drift."""

from collections.abc import Callable

import numpy as np
import pytest

from lsif.bounds import Bound, Drift
from lsif.checks import Check
from lsif.days import days_between
from lsif.drift.checks import profile_checks
from lsif.drift.histogram import Histogram
from lsif.drift.profile import Profile
from lsif.drift.reference import reference
from lsif.tables import Tables

FIRST, LAST, DS = "2017-03-01", "2017-03-14", "2017-03-15"
DRAWS = np.random.default_rng(1)


def night(shift: float = 0.0, score: float = 0.0, missing: int = 0, unseen: int = 0) -> Profile:
    made = Profile()
    values = DRAWS.normal(0, 1, 500) + shift
    made.add("users", "log_basket_size", Histogram.of(np.append(values, [np.nan] * missing), -3))
    made.add("users", "log_visits_7d", Histogram.of(DRAWS.normal(0, 1, 500), -3))
    made.add("score", "for_you", Histogram.of(DRAWS.normal(score, 1, 500), -2))
    made.add("items", "without_text", Histogram.of(np.zeros(100), 0))
    made.add("items", "unseen_category", Histogram.of(np.arange(100) < unseen, 0))
    return made


def write(tables: Tables, nights: dict[str, Profile], version: str = "1") -> None:
    import pyarrow as pa

    writer = tables.writer("night_profiles")
    for ds, made in nights.items():
        rows = [{**row, "model_version": version} for row in made.rows()]
        writer.write(ds, pa.Table.from_pylist(rows, tables.schema("night_profiles")))
    writer.commit()


def judged(tables: Tables, tonight: Profile, version: str = "1", bounds: Drift | None = None) -> dict[str, Check]:
    bounds = bounds or Drift()
    checks = profile_checks(tonight, reference(tables, DS, version, bounds), bounds)
    return {check.name: check for check in checks}


def ordinary(tables: Tables, shift: Callable[[str], float] = lambda ds: 0.0) -> None:
    write(tables, {ds: night(shift(ds)) for ds in days_between(FIRST, LAST)})


def warned(checks: dict[str, Check]) -> list[str]:
    return [check.name for check in checks.values() if check.verdict != "pass"]


def test_a_night_like_those_before_passes(tables: Tables) -> None:
    ordinary(tables)
    checks = judged(tables, night())
    assert warned(checks) == []
    assert 0 < (checks["psi_inputs"].value or 0) < 0.1


def test_what_moved_is_named(tables: Tables) -> None:
    ordinary(tables)
    checks = judged(tables, night(shift=1.0))
    assert warned(checks) == ["psi_inputs"]
    assert (checks["psi_inputs"].note or "").startswith("not as in the 14 nights before: PSI of users.log_basket_size ")
    assert warned(judged(tables, night(score=1.0))) == ["psi_scores"]
    bounds = Drift(psi_inputs=Bound(warn=0.25, fail=0.5))
    assert judged(tables, night(shift=1.0), bounds=bounds)["psi_inputs"].verdict == "fail"


def test_too_few_nights_pass_and_say_so(tables: Tables) -> None:
    checks = judged(tables, night(shift=9.0))
    assert warned(checks) == []
    assert checks["psi_inputs"].note == "not judged: 0 nights before this one, min_nights = 3"
    write(tables, {ds: night() for ds in days_between("2017-03-13", LAST)})
    assert warned(judged(tables, night(shift=9.0))) == []
    write(tables, {"2017-03-12": night()})
    assert warned(judged(tables, night(shift=9.0))) == ["psi_inputs"]
    assert "no model scored" in (judged(tables, Profile())["psi_inputs"].note or "")


def test_another_model_reads_the_same_and_gives_something_else(tables: Tables) -> None:
    ordinary(tables)
    checks = judged(tables, night(shift=1.0, score=5.0), version="2")
    assert warned(checks) == ["psi_inputs"], "what it reads is compared across versions"
    assert checks["psi_scores"].note == "not judged: 0 nights of this model version before this one, min_nights = 3"


def test_nights_that_came_later_say_nothing(tables: Tables) -> None:
    ordinary(tables)
    write(tables, {ds: night(shift=3.0) for ds in days_between(DS, "2017-03-31")})
    assert warned(judged(tables, night())) == []
    assert warned(judged(tables, night(shift=3.0))) == ["psi_inputs"]


def test_a_sunday_like_sundays_is_no_drift(tables: Tables) -> None:
    ordinary(tables, lambda ds: 2.0 if ds in ("2017-03-01", "2017-03-08") else 0.0)  # Wednesdays, as DS is
    assert warned(judged(tables, night(shift=2.0))) == []
    assert warned(judged(tables, night(shift=-2.0))) == ["psi_inputs"]


@pytest.mark.parametrize("nights", [0, 14])
def test_what_is_missing_or_of_unknown_categories_is_told_at_once(tables: Tables, nights: int) -> None:
    if nights:
        ordinary(tables)
    checks = judged(tables, night(missing=50, unseen=30))
    assert warned(checks) == ["missing_share", "unseen_categories"]
    assert (checks["missing_share"].note or "").startswith("users.log_basket_size: 9.1% more is missing")
    assert checks["unseen_categories"].value == 0.3


def test_texts_that_go_are_missing_and_those_that_never_were_are_not(tables: Tables) -> None:
    without = night()
    without.of["items", "without_text"] = Histogram.of(np.ones(100), 0)
    assert warned(judged(tables, without)) == [], "nobody knows better"
    ordinary(tables)
    assert warned(judged(tables, without)) == ["missing_share"]
