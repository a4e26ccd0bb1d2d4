"""One cause is injected into a day of which everything is known: it comes first, and the parts are the change."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lsif.evaluation.drop import AGAIN, MIX, REST, Again, Day, explained, noise, weights

USERS = 4000
Change = Callable[[dict[str, np.ndarray]], None]


class World:
    """Users take much or little, are old or new, take what the catalogue has or has not, and by one of two events; each
    of these is worth something to a list."""

    def __init__(self, seed: int, **shares: float) -> None:
        chance = np.random.default_rng(seed)
        self.strata = {cause: (chance.random(USERS) < shares.get(cause, 0.3)).astype(int) for cause in MIX}
        worse = sum(0.12 * of for of in self.strata.values())
        self.fresh = np.clip(0.6 - worse + 0.1 * chance.normal(size=USERS), 0, 1)

    def day(self, lost: float = 0.0) -> Day:
        return Day(self.fresh - lost, self.strata)


def parts(cause: str) -> tuple[dict[str, float], float]:
    """Of a day on which one thing went wrong, beside the day before."""
    before = World(1).day()
    now = World(2, **({cause: 0.7} if cause in MIX else {}))
    lost = {"model": 0.1, "rules": 0.1, "freshness": 0.1}.get(cause, 0.0)
    day = now.day(lost)
    again = Again(
        unruled=day.value + (0.1 if cause == "model" else 0.0),
        unmoved=day.value + (0.1 if cause in ("model", "rules") else 0.0),
        stale=before.value - 0.1 if cause == "freshness" else None,
    )
    return explained(before, day, again), float(day.value.mean() - before.value.mean())


@pytest.mark.parametrize("cause", [*MIX, *AGAIN])
def test_the_one_cause_comes_first_and_the_parts_add_up(cause: str) -> None:
    found, change = parts(cause)
    assert max(found, key=lambda name: abs(found[name])) == cause
    assert found[cause] == pytest.approx(change, abs=0.01)
    assert abs(sum(found.values()) - change) < 1e-9
    assert set(found) == {*MIX, *AGAIN, REST}


def test_a_day_that_knows_more_than_the_one_before() -> None:
    before, day = World(1).day(0.1), World(2).day()
    again = Again(day.value, day.value, stale=day.value - 0.1, later_is_fresher=True)
    found = explained(before, day, again)
    assert found["freshness"] == pytest.approx(0.1)
    assert sum(found.values()) == pytest.approx(day.value.mean() - before.value.mean(), abs=1e-9)


def test_the_mix_is_met_cause_by_cause() -> None:
    before, day = World(1).day(), World(2, volume=0.8, events=0.6).day()
    *_, last = weights(before, day)
    for cause in MIX:
        assert last @ before.strata[cause] == pytest.approx(day.strata[cause].mean(), abs=1e-9)


def test_kinds_of_users_whom_only_one_day_has() -> None:
    """Nobody of before stands for them: they are left to the rest, and the parts still add up."""
    before, day = World(1, catalogue=0.0).day(), World(2, users=1.0).day(0.05)
    day = replace(day, strata={**day.strata, "events": day.strata["events"] + 7})
    found = explained(before, day, Again(day.value, day.value))
    assert sum(found.values()) == pytest.approx(day.value.mean() - before.value.mean(), abs=1e-9)
    assert found["events"] == pytest.approx(0, abs=1e-12)


def test_what_chance_alone_does() -> None:
    means = [World(seed).day().value.mean() for seed in range(500)]
    said = noise(World(1).day(), World(2).day())
    assert said == pytest.approx(1.96 * 2**0.5 * np.std(means), rel=0.1)
