"""A source that halves and a category that goes are seen beside what is usual, part by part."""

import pyarrow as pa
import pytest

from lsif.bounds import Drift
from lsif.checks import Check
from lsif.days import day_before
from lsif.interests.volumes import category_checks, source_checks
from lsif.tables import Tables
from tests.ranking.shop import table

DS = "2017-03-29"


def day(ds: str, **sources: int) -> pa.Table:
    rows = [
        {"source": source, "event_id": f"{source}{n}", "user_id": "u", "item_id": "i", "event_type": "purchase"}
        for source, count in sources.items()
        for n in range(count)
    ]
    return table("events", [{**row, "ds": ds} for row in rows]).drop_columns("ds")


def past(tables: Tables, *weeks: dict[str, int]) -> None:
    """The same weekday of so many weeks before, the last first."""
    writer = tables.writer("events")
    for number, sources in enumerate(weeks, 1):
        writer.write(day_before(DS, 7 * number), day("", **sources))
    writer.commit()


def judged(tables: Tables, **sources: int) -> list[Check]:
    return source_checks(tables, DS, day(DS, **sources).select(["source"]), Drift())


def test_a_source_that_halves_is_caught_though_the_whole_hardly_fell(tables: Tables) -> None:
    past(tables, {"shop": 1000, "till": 190}, {"shop": 1000, "till": 210}, {"shop": 10, "till": 200})
    (check,) = judged(tables, shop=1000, till=100)
    assert (check.name, check.verdict, check.value) == ("source_drop", "warn", 0.5)
    assert check.note == "source till: 100 events, where 200 are usual on that weekday"
    assert [check.verdict for check in judged(tables, shop=900, till=180)] == ["pass"]
    (gone,) = judged(tables, shop=1000)
    assert (gone.verdict, gone.value) == ("warn", 1.0)


def test_a_young_or_a_small_source_is_not_judged(tables: Tables) -> None:
    assert judged(tables, shop=1) == []
    past(tables, {"shop": 1000})
    assert judged(tables, shop=1) == []
    past(tables, {"shop": 99}, {"shop": 99})
    assert judged(tables, shop=1) == []


def categories(**counts: int) -> pa.Table:
    names = [name for name, count in counts.items() for _ in range(count)]
    return pa.table({"category": pa.array([*names, None], pa.string())})


@pytest.mark.parametrize(
    ("now", "verdict"), [({"tea": 30, "milk": 500}, "pass"), ({"milk": 530}, "warn"), ({"tea": 9, "milk": 500}, "warn")]
)
def test_a_category_that_goes_is_caught_though_the_catalogue_hardly_shrank(now: dict[str, int], verdict: str) -> None:
    (check,) = category_checks(categories(tea=30, milk=500, rare=3), categories(**now), Drift())
    assert (check.name, check.verdict) == ("category_drop", verdict)
    if verdict == "warn":
        assert check.note == f"category tea: {now.get('tea', 0)} items after 30 before"


def test_a_first_catalogue_is_held_against_nothing() -> None:
    assert category_checks(categories().slice(0, 0), categories(tea=30), Drift()) == []
