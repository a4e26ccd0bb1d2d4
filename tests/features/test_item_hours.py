"""What was taken in which of the last hours, against numbers worked out by hand."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.item_features import COLUMNS, item_features
from lsif.features.item_hours import HOUR_SPANS, HOURS, MINUTES, item_hours, last_days, of_items
from lsif.features.item_states import item_states
from lsif.features.shared import shared
from lsif.features.vocabulary import build_index
from tests.world import ENCODER, catalogue, known, log, table, vectors

DS = "2017-06-30"
ITEMS = ["a-1", "a-2", "b-1"]
TAKEN = [
    ("u1", "a-1", "2017-06-30T23:59:59"),
    ("u1", "a-1", "2017-06-30T23:00:00"),
    ("u2", "a-1", "2017-06-30T23:10:00"),
    ("u2", "a-1", "2017-06-30T20:30:00"),
    ("u1", "a-2", "2017-06-24T00:00:00"),
    ("u1", "a-2", "2017-06-23T23:59:59"),
]


def events(taken: list[tuple[str, str | None, str]], weight: float = 1.0) -> pa.Table:
    moments = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for *_, moment in taken]
    pairs = zip(taken, moments, strict=True)
    return table(
        "events",
        [{"user_id": user, "item_id": item, "event_time": at, "weight": weight} for (user, item, _), at in pairs],
    )


def test_users_are_counted_once_an_hour_and_what_is_older_than_a_week_not_at_all() -> None:
    found = item_hours([events(TAKEN)], DS).to_pylist()
    assert [(row["item_id"], f"{row['hour']:%d %H}", row["events"], row["buyers"]) for row in found] == [
        ("a-1", "30 20", 1, 1),
        ("a-1", "30 23", 3, 2),
        ("a-2", "24 00", 1, 1),
    ]


def test_days_of_arrival_are_put_together_in_any_order() -> None:
    """What came late is of the hour in which it happened, and whoever is told twice counts once."""
    parts = [events(TAKEN[:2]), events(TAKEN[2:]), events(TAKEN[:1])]
    rows = {row["buyers"] for row in item_hours(parts, DS).to_pylist()}
    assert rows == {1, 2}
    assert item_hours(parts, DS).equals(item_hours(reversed(parts), DS))


def test_only_what_weighs_and_names_an_item_counts() -> None:
    odd = [events([("u3", "b-1", "2017-06-30T05:00:00")], weight=0.0), events([("u3", None, "2017-06-30T06:00:00")])]
    assert item_hours([events(TAKEN), *odd], DS).equals(item_hours([events(TAKEN)], DS))


@pytest.mark.parametrize("clock", ["00:00:00", "12:00:00"])
def test_a_log_of_whole_days_knows_no_hours(clock: str) -> None:
    taken = [(user, item, f"2017-06-{day}T{clock}") for user, item, day in [("u1", "a-1", 30), ("u2", "a-2", 29)]]
    assert not len(item_hours([events(taken)], DS))
    assert not len(item_hours([], DS))


def test_the_days_that_are_read() -> None:
    assert (last_days(DS)[0], last_days(DS)[-1], len(last_days(DS))) == ("2017-06-24", DS, 7)


def test_counts_and_ages_of_items_by_hand() -> None:
    found = of_items(item_hours([events(TAKEN)], DS), DS, pa.array(ITEMS))
    assert found["buyers_hours"].tolist() == [[2, 2, 3, 3, 3], [0] * 5, [0] * 5] and HOUR_SPANS[1] == 3
    assert found["buyers_hours_decayed"][0, :2].tolist() == pytest.approx([2 + 1 / 8, 2 + 1 / 2])
    assert found["newest_hour"].tolist() == [0, HOURS - 1, HOURS]
    assert found["oldest_hour"].tolist() == [3, HOURS - 1, HOURS]


def features(settings: Settings, hours: pa.Table) -> dict[str, np.ndarray]:
    at = known(log([("u1", "a-1", DS), ("u2", "a-2", "2017-06-24")]), DS, catalogue(ITEMS), settings)
    states = item_states([at.histories], [at.item_tiles], DS, settings, hours)
    index = build_index(states, at.items, vectors(ITEMS), ("purchase",), ENCODER)
    return dict(zip(COLUMNS, item_features(states, index).T, strict=True))


def test_the_last_three_hours_are_known_by_the_minute() -> None:
    """Twice in a minute is once, in two minutes twice; what came before the three hours is of no minute."""
    more = [
        ("u1", "a-1", "2017-06-30T23:59:01"),
        ("u1", "a-1", "2017-06-30T21:00:00"),
        ("u1", "a-1", "2017-06-30T20:59:59"),
    ]
    hours = item_hours([events(TAKEN), events(more)], DS)
    by_minute = {f"{row['hour']:%d %H}": row["buyers_by_minute"] for row in hours.to_pylist()}
    assert {at for at, buyers in by_minute.items() if buyers is None} == {"30 20", "24 00"}
    assert {at: count for at, count in enumerate(by_minute["30 23"]) if count} == {0: 1, 10: 1, 59: 1}
    assert {at: count for at, count in enumerate(by_minute["30 21"]) if count} == {0: 1}
    by_one, by_fifteen = of_items(hours, DS, pa.array(ITEMS))["buyers_minutes_decayed"][0]
    ages = (59, 49, 0, 3 * MINUTES - 1)
    assert by_one == pytest.approx(sum(2.0**-age for age in ages))
    assert by_fifteen == pytest.approx(sum(2.0 ** (-age / 15) for age in ages))


def test_features_by_hand(settings: Settings) -> None:
    found = features(settings, item_hours([events(TAKEN)], DS))
    assert found["log_buyers_1h"].tolist() == pytest.approx(np.log([2.1, 0.1, 0.1]).tolist())
    assert found["log_buyers_half_life_1h"][0] == pytest.approx(np.log(2 + 1 / 8 + 0.01))
    assert found["trend_1h_6h"][0] == pytest.approx(np.log(2.5 / (3 / 6 + 0.5)))
    assert np.expm1(found["log_hours_since_last_purchase"]) == pytest.approx([0, HOURS - 1, HOURS], abs=1e-3)


def test_without_hours_they_are_the_same_for_all_items(settings: Settings) -> None:
    found = features(settings, item_hours([], DS))
    of_hours = COLUMNS[COLUMNS.index("log_buyers_1h") : COLUMNS.index("log_hours_since_first_purchase") + 1]
    assert len(of_hours) == 17 and all(len(set(found[name].tolist())) == 1 for name in of_hours)


def test_an_item_is_born_when_it_is_published(settings: Settings) -> None:
    """Where the catalogue knows, and that was before its first taking; of what nobody had yet it says nothing."""
    born = {"a-1": datetime(2017, 6, 10), "a-2": datetime(2017, 6, 30, 12), "b-1": datetime(1970, 1, 1)}
    at = known(log([("u1", "a-1", "2017-06-25"), ("u2", "a-2", "2017-06-30")]), DS, catalogue(ITEMS), settings)
    place, times = at.items.column_names.index("published"), pa.array([born[item] for item in ITEMS])
    items = at.items.set_column(place, "published", times.cast(pa.timestamp("us", "UTC")))
    states = item_states([at.histories], [at.item_tiles], DS, settings, item_hours([events(TAKEN)], DS))
    index = build_index(states, items, vectors(ITEMS), ("purchase",), ENCODER)
    found = dict(zip(COLUMNS, np.expm1(shared(states, DS, index).item_features.T), strict=True))
    assert found["log_age_of_first_purchase"].tolist() == pytest.approx([21, 0.5, 0])
    assert found["log_age_of_last_purchase"].tolist() == pytest.approx([5, 0, 5])
    assert found["log_hours_since_first_purchase"].tolist() == pytest.approx([HOURS, HOURS - 1, HOURS], rel=1e-5)
    grown = index.extended(items.set_column(0, "item_id", pa.array(["x", "y", "z"])), vectors(ITEMS))
    assert grown.age(DS)[3:].tolist() == pytest.approx([21, 0.5, 17_348])


@pytest.mark.parametrize("column", ["takers", "buyers_minutes_decayed"])
def test_states_of_an_earlier_release_are_refused_in_one_line(settings: Settings, column: str) -> None:
    at = known(log([("u1", "a-1", DS)]), DS, catalogue(ITEMS), settings)
    states = at.states(settings)
    index = build_index(states, at.items, vectors(ITEMS), ("purchase",), ENCODER)
    place = states.column_names.index(column)
    old = states.set_column(place, column, pa.nulls(len(states), states[column].type))
    with pytest.raises(LsifError, match=f"^item_states of ds={DS} are of an earlier .* jobs/item_states.py --ds {DS} "):
        shared(old, DS, index)
