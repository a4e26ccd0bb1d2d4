"""What comes of an experiment, counted by hand and on planted worlds: results, the guard, sample ratios."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.evaluation.experiment import Found, Outcome, results
from lsif.evaluation.experiment_night import harms, look, sample_ratio
from lsif.experiment import Experiment
from lsif.experiments.assignment import variants_of
from lsif.experiments.record import Record
from lsif.outcomes import Feedback
from lsif.tables import Tables

FIRST, LAST = "2024-03-01", "2024-03-20"
WINDOW = 2


@pytest.fixture
def tried(settings: Settings) -> Settings:
    given = {
        "name": "fresh",
        "from": date.fromisoformat(FIRST),
        "through": date.fromisoformat(LAST),
        "guard": "conversion",
        "variants": {"as_is": {"share": 0.5}, "fresh": {"share": 0.5, "model": "7"}},
    }
    changes = {"experiment": Experiment.model_validate(given), "feedback": Feedback(window_days=WINDOW)}
    return settings.model_copy(update=changes)


def put(tables: Tables, name: str, ds: str, rows: list[dict[str, Any]]) -> None:
    writer = tables.writer(name)
    writer.write(ds, pa.Table.from_pylist(rows, tables.schema(name)))
    writer.commit()


def row(number: str, outcome: str, user: str, variant: str, day: str, hour: int = 10, **more: Any) -> dict[str, Any]:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=hour)
    own = {"source": "shop", "event_id": number, "outcome": outcome, "user_id": user, "variant": variant}
    where = {"item_id": "milk", "list": "for_you", "rank": 1, "recommended_ds": day_before(day)}
    return {**own, **where, "event_time": at, **more}


class World:
    """Each night a list for every user, each of whom sees three of its rows the day after and takes some.

    Args:
        rates: how many of the rows are taken, by variant.
        lost: so many users of the variant `fresh` never show up.
    """

    def __init__(self, tables: Tables, settings: Settings, rates: dict[str, float], lost: int = 0) -> None:
        assert settings.experiment
        ids = pa.array([f"u{n:04d}" for n in range(400)])
        self.own = dict(zip(ids.to_pylist(), variants_of(ids, settings.experiment).to_pylist(), strict=True))
        self.gone = [user for user, variant in self.own.items() if variant == "fresh"][:lost]
        self.tables, self.rates, self.draws = tables, rates, np.random.default_rng(5)

    def day(self, ds: str) -> None:
        """What came of the lists of the night before, and who gets lists tonight."""
        rows = [event for user in self.own if user not in self.gone for event in self._of(user, ds)]
        put(self.tables, "feedback", ds, rows if ds > FIRST else [])
        if ds <= LAST:
            put(self.tables, "assignments", ds, [_assigned(user, variant) for user, variant in self.own.items()])

    def days(self, last: str) -> None:
        for ds in days_between(FIRST, last):
            self.day(ds)

    def _of(self, user: str, ds: str) -> Iterator[dict[str, Any]]:
        variant = self.own[user]
        for n in range(3):
            yield row(f"{ds}-{user}-{n}", "impression", user, variant, ds, item_id=f"i{n}")
            if self.draws.random() < self.rates[variant]:
                yield row(f"{ds}-{user}-{n}-b", "purchase", user, variant, ds, 11, item_id=f"i{n}")


def _assigned(user: str, variant: str) -> dict[str, str]:
    return {"user_id": user, "experiment": "fresh", "variant": variant, "served": variant}


def one(found: Found, metric: str, variant: str, name: str = "for_you") -> Outcome:
    return next(of for of in found.outcomes if (of.list, of.metric, of.variant) == (name, metric, variant))


def test_outcomes_are_counted_by_user_and_once_in_all_lists(tables: Tables, tried: Settings) -> None:
    d2, d3, d4, late = "2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05"
    for night in (FIRST, d2):
        put(
            tables,
            "assignments",
            night,
            [_assigned("ann", "as_is"), _assigned("bob", "fresh"), _assigned("eve", "fresh")],
        )
    put(tables, "feedback", FIRST, [])
    shown = row("1", "impression", "bob", "fresh", d2)
    twice = [shown, {**shown, "list": "discover", "rank": 4}, row("2", "impression", "ann", "as_is", d2)]
    before = {
        **row("0", "impression", "bob", "fresh", d2, recommended_ds="2024-02-29"),
        "variant": None,
        "item_id": "tea",
    }
    put(tables, "feedback", d2, [*twice, before])
    put(tables, "feedback", d3, [row("3", "purchase", "bob", "fresh", d2, 12, event_id="3")])
    put(tables, "feedback", d4, [row("4", "impression", "eve", "fresh", d4)])
    put(tables, "feedback", late, [row("5", "purchase", "ann", "as_is", d2, 13)])
    found = results(tables, d4, tried)
    assert found.assigned == {"as_is": 1, "fresh": 2}
    bob = one(found, "conversion", "fresh")
    assert (bob.users, bob.of, bob.hits, bob.rate, bob.gain) == (1, 1, 1.0, 1.0, 1.0), "the window of eve's is not over"
    assert one(found, "conversion", "fresh", "discover").hits == 0, "the answer was to the other list"
    assert (one(found, "conversion", "fresh", "*").of, one(found, "conversion", "fresh", "*").hits) == (1, 1.0)
    assert one(found, "conversion", "as_is").hits == 0 and one(found, "conversion", "as_is").gain is None
    taken = one(found, "taken", "fresh")
    assert (taken.users, taken.of, taken.hits) == (2, 4, 1.0), "two users, two nights each"
    assert one(results(tables, late, tried), "conversion", "as_is").hits == 0, (
        "what came too late for its day counts not"
    )


def test_what_a_variant_earns_more_is_found(tables: Tables, tried: Settings) -> None:
    World(tables, tried, {"as_is": 0.1, "fresh": 0.16}).days("2024-03-11")
    rows, alarms = look(tables, "2024-03-11", tried)
    assert alarms == [] and Record.read(tables, tried.experiment).stops == {}
    at = {(r["list"], r["metric"], r["segment"]): r for r in rows.to_pylist()}
    gain = at["for_you", "experiment.conversion.gain", "variant=fresh"]
    assert 0 < gain["low"] < 0.06 < gain["high"]
    own = at["for_you", "experiment.conversion", "variant=fresh"]
    assert own["low"] < 0.16 < own["high"] and own["hits"] == round(own["value"] * own["n"])
    assert at["*", "experiment.users", "variant=fresh"]["n"] == gain["n"], "everybody was shown something"
    assert at["for_you", "experiment.taken.gain", "variant=fresh"]["low"] > 0


def test_the_guard_stops_what_harms_once_and_for_the_nights_after(tables: Tables, tried: Settings) -> None:
    world, told = World(tables, tried, {"as_is": 0.2, "fresh": 0.1}), dict[str, list[str]]()
    rows: dict[str, pa.Table] = {}
    for ds in days_between(FIRST, "2024-03-10"):
        world.day(ds)
        rows[ds], told[ds] = look(tables, ds, tried)
    record = Record.read(tables, tried.experiment)
    ((variant, day),) = record.stops.items()
    assert variant == "fresh" and FIRST < day < "2024-03-08" and day == min(ds for ds, of in told.items() if of)
    assert record.stopped(day) == frozenset() and record.stopped(day_before(day, -1)) == {"fresh"}
    after = days_between(day, "2024-03-10")
    checks = [tables.read("checks", [ds], filter=pc.field("check") == "guard fresh").to_pylist()[0] for ds in after]
    assert [check["verdict"] for check in checks] == ["fail"] + ["warn"] * (len(after) - 1)
    assert f"its users get the lists of as_is after {day}" in checks[0]["note"]
    judged = one(results(tables, "2024-03-10", tried), "conversion", "fresh")
    assert judged.of == len(days_between(FIRST, day)) * 3 * judged.users, "of the nights on which it had its own lists"
    again, said = look(tables, day, tried)
    assert again.equals(rows[day]) and said == told[day] == [f"fail guard fresh: {checks[0]['note']}"], (
        "the same once more"
    )
    ratio = tables.read("checks", [day], filter=pc.field("check") == "sample_ratio exposed").to_pylist()[0]
    assert ratio["verdict"] == "pass" and ratio["value"] > 0.001
    assert len(Record.read(tables, tried.experiment).rows) == 1


def test_a_day_that_was_never_joined_is_told(tables: Tables, tried: Settings) -> None:
    World(tables, tried, {"as_is": 0.1, "fresh": 0.1}).days("2024-03-04")
    tables.remove("feedback", ["2024-03-03"])
    assert "warn feedback_days: what arrived on 2024-03-03 is not counted" in look(tables, "2024-03-04", tried)[1][0]


def test_a_stop_decided_late_leaves_published_nights_as_they_are(tables: Tables, tried: Settings) -> None:
    World(tables, tried, {"as_is": 0.2, "fresh": 0.1}).days("2024-03-10")
    look(tables, "2024-03-08", tried)
    assert Record.read(tables, tried.experiment).stops == {"fresh": "2024-03-10"}


def test_a_variant_that_does_no_harm_is_not_stopped(tables: Tables, tried: Settings) -> None:
    World(tables, tried, {"as_is": 0.12, "fresh": 0.12}).days("2024-03-10")
    for ds in days_between("2024-03-04", "2024-03-10"):
        assert look(tables, ds, tried)[1] == []


def test_harm_is_sure_and_large() -> None:
    known = Outcome("*", "conversion", "fresh", 900, 900, 90, 0.1, 0.08, 0.12, -0.05, -0.08, -0.02, against=0.15)
    assert harms(known, 0.1) and harms(known, 0.3)
    assert not harms(known, 0.4), "not by so much"
    assert not harms(replace(known, gain_high=0.01), 0.1), "it may be chance"
    assert not harms(replace(known, gain_low=None, gain_high=None), 0.1), "too early"


def test_users_who_went_missing_are_an_alarm(tables: Tables, tried: Settings) -> None:
    World(tables, tried, {"as_is": 0.1, "fresh": 0.1}, lost=120).days("2024-03-04")
    _, alarms = look(tables, "2024-03-04", tried)
    assert len(alarms) == 1 and alarms[0].startswith("warn sample_ratio exposed: users exposed are as_is")
    (check,) = tables.read("checks", ["2024-03-04"], filter=pc.field("verdict") == "warn").to_pylist()
    assert (check["step"], check["check"]) == ("experiment", "sample_ratio exposed") and check["value"] < 0.001


def test_sample_ratios_by_hand() -> None:
    assert sample_ratio("x", {"a": 500, "b": 510}, {"a": 0.5, "b": 0.5}).verdict == "pass"
    odd = sample_ratio("x", {"a": 450, "b": 600}, {"a": 0.5, "b": 0.5})
    assert odd.verdict == "warn" and odd.value == pytest.approx(3.66e-6, rel=0.01), "chi2 = 21.43, one degree"
    assert sample_ratio("x", {"a": 500}, {"a": 0.5, "b": 0.5}).verdict == "pass"
