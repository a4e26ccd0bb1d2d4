"""Shares and means of what was shown, counted by hand on a small world."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from lsif.engine import engine
from lsif.evaluation.intervals import of_sums, wilson
from lsif.evaluation.rates import feedback_days, rates
from lsif.outcomes import Feedback, Satisfaction, asked
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

JUDGED = "2024-03-03"
ITEMS = [{"item_id": "milk", "category": "dairy"}, {"item_id": "tea", "category": None}]
USERS = [{"user_id": "ann", "attributes": [{"name": "country", "value": "FR"}]}, {"user_id": "bob", "attributes": None}]
TYPES = {"impression": 0.0, "click": 0.1, "purchase": 1.0, "return": 0.0, "rating": 0.0}


def row(number: str, outcome: str, user: str, item: str, time: str, **more: Any) -> dict[str, Any]:
    at = datetime.fromisoformat(f"2024-{time}").replace(tzinfo=UTC)
    own = {"source": "shop", "event_id": number, "outcome": outcome, "user_id": user, "item_id": item}
    told = {"list": "for_you", "rank": 1, "reason_code": "long", "model_version": "7", "ds": JUDGED}
    return {**own, "event_time": at, **told, **more}


def measured(rows: list[dict[str, Any]], **settings: Any) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    def table(name: str, of: list[dict[str, Any]]) -> pa.Table:
        return pa.Table.from_pylist(of, schema=arrow_schema(TABLES[name]))

    how = asked(Feedback(**{"window_days": 2, "user_groups": ("country",), **settings}), TYPES, None)
    with engine() as sql:
        made = rates(sql, table("feedback", rows), table("items", ITEMS), table("users", USERS), how, JUDGED)
    return {
        (one["metric"], one["list"], one["segment"]): (one["hits"], one["n"], one["value"]) for one in made.to_pylist()
    }


SEEN = [
    row("1", "impression", "ann", "milk", "03-03T10:00"),
    row("1", "impression", "ann", "milk", "03-03T10:00", list="discover", rank=2),
    row("2", "impression", "ann", "tea", "03-03T10:00", rank=3, reason_code=None),
    row("3", "impression", "bob", "milk", "03-03T10:00"),
    row("4", "impression", "eve", "milk", "03-03T10:00"),
    row("5", "click", "ann", "milk", "03-03T10:05", list="discover", rank=2),
    row("6", "purchase", "bob", "milk", "03-04T10:00", ds="2024-03-05"),  # delivered a day late
    row("7", "purchase", "eve", "milk", "03-05T10:00", ds="2024-03-05"),  # two days after
    row("8", "impression", "bob", "milk", "03-05T10:00", ds="2024-03-05"),  # is judged another day
]


def test_shares_by_list_and_in_all() -> None:
    found = measured(SEEN)
    assert {key[:2]: values for key, values in found.items() if key[2] == "users=all"} == {
        ("click_through", "for_you"): (1, 4, 1 / 4),
        ("click_through", "discover"): (1, 1, 1.0),
        ("click_through", "*"): (2, 4, 2 / 4),
        ("conversion", "for_you"): (1, 4, 1 / 4),
        ("conversion", "discover"): (0, 1, 0.0),
        ("conversion", "*"): (1, 4, 1 / 4),
    }


def test_shares_by_segment_also_of_what_nobody_knows() -> None:
    found = measured(SEEN)
    assert {key[2]: values[:2] for key, values in found.items() if key[:2] == ("conversion", "for_you")} == {
        "users=all": (1, 4),
        "rank=1": (1, 3),
        "rank=3": (0, 1),
        "reason_code=long": (1, 3),
        "reason_code=": (0, 1),
        "model_version=7": (1, 4),
        "category=dairy": (1, 3),
        "category=": (0, 1),
        "user.country=FR": (0, 2),
        "user.country=": (1, 2),
    }


def test_an_outcome_belongs_to_the_newest_exposure_before_it() -> None:
    again = [
        row("1", "impression", "ann", "milk", "03-03T10:00"),
        row("3", "impression", "ann", "milk", "03-03T11:00", rank=2),
        row("2", "impression", "ann", "milk", "03-03T11:00"),
        row("4", "click", "ann", "milk", "03-03T11:30"),
        row("5", "purchase", "ann", "milk", "03-03T11:40"),
        row("6", "click", "ann", "milk", "03-03T09:00"),
    ]
    found = measured(again)
    assert found["click_through", "for_you", "users=all"][:2] == (1, 3)
    assert found["click_through", "for_you", "rank=2"][:2] == (0, 1), "of two at once the first by name"
    later = row("7", "impression", "ann", "milk", "03-03T11:20", ds="2024-03-04")
    assert measured([*again, later])["click_through", "for_you", "users=all"][:2] == (0, 3)


@pytest.mark.parametrize(
    ("satisfaction", "wanted"),
    [
        ({"event_type": "rating"}, (None, 3, 3.0)),
        ({"event_type": "rating", "at_least": 3}, (2, 3, 2 / 3)),
        ({"event_type": "purchase", "not_followed_by": "return"}, (2, 3, 2 / 3)),
        ({"event_type": "purchase", "followed_by": "return"}, (1, 3, 1 / 3)),
    ],
)
def test_satisfaction_is_a_mean_or_a_share_of_a_proxy(satisfaction: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    rated = [row(f"r{value}", "rating", "ann", "milk", "03-03T10:00", value=value) for value in (1, 3, 5, None)]
    bought = [row(f"p{user}", "purchase", user, "milk", "03-03T10:00") for user in ("ann", "bob", "eve")]
    returned = [
        row("1", "return", "ann", "milk", "03-04T10:00", ds="2024-03-05"),
        row("2", "return", "ann", "milk", "03-04T11:00", ds="2024-03-05"),
        row("3", "return", "bob", "tea", "03-04T10:00"),
        row("4", "return", "eve", "milk", "03-03T09:00"),
        row("5", "return", "bob", "milk", "03-03T09:00"),
    ]
    found = measured([*rated, *bought, *returned], satisfaction=Satisfaction(**satisfaction))
    assert found["satisfaction", "for_you", "users=all"] == wanted
    assert found["satisfaction", "*", "category=dairy"] == wanted


def test_days_add_up() -> None:
    """Every exposure is judged on one day and no other."""
    days = [feedback_days(ds, 2) for ds in ("2024-03-05", "2024-03-06")]
    assert days[0] == (JUDGED, ["2024-03-01", "2024-03-02", JUDGED, "2024-03-04", "2024-03-05"])
    assert days[1][0] == "2024-03-04"


def test_nothing_shown_has_no_rate() -> None:
    assert measured([]) == {}
    assert measured([row("1", "purchase", "ann", "milk", "03-03T10:00")]) == {}


def test_wilsons_interval_is_scipys() -> None:
    hits, n = np.array([0, 1, 7, 30]), np.array([1, 10, 30, 30])
    theirs = [binomtest(int(k), int(of)).proportion_ci(method="wilson") for k, of in zip(hits, n, strict=True)]
    np.testing.assert_allclose(np.transpose(wilson(hits, n)), [(one.low, one.high) for one in theirs], atol=1e-12)


def test_the_interval_of_a_mean() -> None:
    values = np.array([1.0, 3.0, 5.0])
    low, high = of_sums(np.array([values.sum(), 2.0]), np.array([(values**2).sum(), 4.0]), np.array([3.0, 1.0]))
    half = 1.959964 * values.std(ddof=1) / np.sqrt(3)
    np.testing.assert_allclose([low[0], high[0]], [3 - half, 3 + half], rtol=1e-6)
    assert np.isnan([low[1], high[1]]).all()


def test_rows_that_were_drawn_are_counted_by_rank_for_themselves() -> None:
    drawn = {"reason_code": "explored", "propensity": 0.5}
    shown = [
        row("1", "impression", "ann", "milk", "03-03T10:00", rank=5, **drawn),
        row("2", "impression", "bob", "milk", "03-03T10:00", rank=5, **drawn),
        row("3", "impression", "bob", "tea", "03-03T10:00", rank=5),
        row("4", "click", "ann", "milk", "03-03T10:05", rank=5, **drawn),
    ]
    found = {key: values[:2] for key, values in measured(shown).items() if "drawn" in key[2]}
    assert found == {
        ("click_through", "for_you", "drawn.explored=5"): (1, 2),
        ("conversion", "for_you", "drawn.explored=5"): (0, 2),
    }
