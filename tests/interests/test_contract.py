"""Each rule of the events contract, duplicates within and across days, and that no row is ever lost."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lsif.bounds import Rules
from lsif.interests.contract import accepted, judged, rejected
from lsif.interests.delivery import delivery
from lsif.interests.ingest import arrival
from lsif.outcomes import IMPRESSION
from tests.interests.deliver import COLUMNS, DS, line, source, write

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TYPES = {"purchase": 1.0, "browse": 0.5, "search": 0.0, IMPRESSION: 0.0}
RULES = Rules(max_late_days=7, max_text=20, max_user_events_per_day=1000)


def judge(
    spark: "SparkSession",
    path: str,
    known: list[tuple[str, str]] | None = None,
    rules: Rules = RULES,
    days: list[str] | None = None,
    **changes: Any,
) -> "DataFrame":
    kind = path.rsplit(".", 1)[-1]
    rows = delivery(spark, "shop", source(kind, **changes), {path: None})
    stored = [("shop", *one) for one in known or []]
    ids = spark.createDataFrame(stored, "source string, event_id string, ds string")
    return judged(rows, arrival(days or [DS]), ids, TYPES, rules).cache()


def broken(judgements: "DataFrame") -> dict[str, list[dict[str, Any]]]:
    """Rule = the rows that broke it, as delivered."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rejected(judgements).orderBy("raw").toArrow().to_pylist():
        assert (row["source"], row["ds"]) == ("shop", DS)
        found.setdefault(row["rule"], []).append(row["raw"])
    return found


def events(judgements: "DataFrame") -> list[dict[str, Any]]:
    return accepted(judgements).orderBy("ds", "event_id").toArrow().to_pylist()


BAD = {
    "unreadable": [
        "1,u,7,purchase",  # too few
        f"{line(2)},more",
        line(3, rest=',,"unclosed'),
        line(4, item='5" pipe'),
    ],
    "missing_id": [
        line("", user="u"),
        line("  ", user="u"),
        line(12, user=""),
        line(13, user=" "),
        line(14, item=""),
        line(15, item='""'),
    ],
    "unparseable_time": [
        line(number, time=time)
        for number, time in enumerate(["", "yesterday", "12:30", "2017", "2017-02-30", "20170312"], 20)
    ],
    "future": [line(30, time="2017-03-13T00:00:00Z"), line(31, time="2017-03-12T20:00:00-05:00")],
    "too_late": [line(40, time="2017-03-04T23:59:59.999999Z"), line(41, time="1973-03-04")],
    "unknown_type": [line(50, kind="Purchase"), line(51, kind=""), line(52, kind=" purchase")],
    "bad_number": [
        line(number, rest=rest)
        for number, rest in enumerate(["NaN,,", "-1,,", "Infinity,,", "many,,"], 60)
    ],
    "bad_id": [line(80, user="u\u200b"), line(81, item="\ufeff7"), line("82\t"), line(83, user="\x00u")],
    "long_text": [line(70, item="i" * 21), line("7" * 21)],
}  # fmt: skip
GOOD = [
    line(100, user="u ", item="007"),
    line(101, item="é" * 20, time="2017-03-05T00:00:00Z"),  # the first day that is not too late
    line(102, time="2017-03-12T23:59:59.999999Z", rest="2.5,0,"),
    line(103, item="", kind="search", rest=",,shoes"),
    line(104, item='"a, ""b"""', kind="browse", rest="0,,"),
    line(105, rest=",-0.01,"),  # what is optional is lost, and not the row
    line(106, rest=",nan,"),
    line(107, rest=f",1,{'q' * 21}"),
]


@pytest.fixture(scope="module")
def day(spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory) -> "DataFrame":
    lines = [*GOOD, *(row for rows in BAD.values() for row in rows)]
    path = write(tmp_path_factory.mktemp("day") / f"{DS}.csv", *lines, "", "   ")
    return judge(spark, path)


@pytest.mark.parametrize("rule", BAD)
def test_rule(day: "DataFrame", rule: str) -> None:
    raw = broken(day).get(rule, [])
    if rule == "unreadable":
        assert sorted(raw) == sorted(BAD[rule])
    else:
        first_cells = sorted(row.split(",")[0].strip() for row in BAD[rule])
        assert sorted((json.loads(text)["id"] or "").strip() for text in raw) == first_cells


def test_a_rejected_row_is_kept_as_it_was(day: "DataFrame") -> None:
    assert json.loads(broken(day)["future"][0]) == {
        "id": "30", "user": "u", "item": "7", "type": "purchase", "time": "2017-03-13T00:00:00Z",
        "weight": None, "value": None, "query": None,
    }  # fmt: skip


def test_good_rows_come_through_as_they_are(day: "DataFrame") -> None:
    names = ("event_id", "user_id", "item_id", "event_type", "event_time", "weight", "value", "query")
    made = [tuple(str(e[n])[:26] if n == "event_time" else e[n] for n in names) for e in events(day)]
    ten = "2017-03-12 10:00:00+00:00"
    assert made == [
        ("100", "u ", "007", "purchase", ten, 1.0, None, None),
        ("101", "u", "é" * 20, "purchase", "2017-03-05 00:00:00+00:00", 1.0, None, None),
        ("102", "u", "7", "purchase", "2017-03-12 23:59:59.999999", 2.5, 0.0, None),
        ("103", "u", None, "search", ten, 0.0, None, "shoes"),
        ("104", "u", 'a, "b"', "browse", ten, 0.0, None, None),
        ("105", "u", "7", "purchase", ten, 1.0, None, None),
        ("106", "u", "7", "purchase", ten, 1.0, None, None),
        ("107", "u", "7", "purchase", ten, 1.0, 1.0, "q" * 20),
    ]


def test_what_good_rows_lost_is_told(day: "DataFrame") -> None:
    lost = {row.event_id: list(row.lost) for row in day.where("rule is null and size(lost) > 0").collect()}
    assert lost == {"105": ["value"], "106": ["value"], "107": ["query"]}


def test_every_row_has_exactly_one_fate(day: "DataFrame") -> None:
    lines = len(GOOD) + sum(map(len, BAD.values()))
    assert day.count() == lines
    assert accepted(day).count() + rejected(day).count() == lines


def test_too_many_keeps_the_first_by_time_and_id(spark: "SparkSession", tmp_path: Path) -> None:
    times = ["10:00:03", "10:00:01", "10:00:02", "10:00:02", "10:00:01"]
    lines = [line(n, time=f"{DS}T{time}Z") for n, time in enumerate(times)]
    repeated = [lines[1]] * 3  # duplicates do not use up the allowance
    others = [line("x", user="v"), line("y", user="v", kind="nothing")]
    others += [line(f"z{n}", kind=IMPRESSION, time=f"{DS}T09:00:00Z") for n in range(5)]  # seen, not done
    path = write(tmp_path / f"{DS}.csv", *lines, *repeated, *others)
    made = judge(spark, path, rules=RULES.model_copy(update={"max_user_events_per_day": 3}))
    assert [e["event_id"] for e in events(made)] == ["1", "2", "4", "x", *(f"z{n}" for n in range(5))]
    assert [json.loads(raw)["id"] for raw in broken(made)["too_many"]] == ["0", "3"]
    assert made.where("duplicate").count() == 3


def test_an_impression_may_name_its_list(spark: "SparkSession", tmp_path: Path) -> None:
    header = "id,user,item,type,time,weight,value,query,list"
    rows = [f"{line(1, kind=IMPRESSION)},for_you", f"{line(2, kind=IMPRESSION)},{'x' * 21}", f"{line(3)},"]
    path = write(tmp_path / f"{DS}.csv", *rows, header=header)
    made = judge(spark, path, columns={**COLUMNS, "list": "list"})
    assert [(e["list"], e["weight"]) for e in events(made)] == [("for_you", 0.0), (None, 0.0), (None, 1.0)]
    assert [row.lost for row in made.where("size(lost) > 0").collect()] == [["list"]]


def test_of_duplicates_the_same_one_is_stored_in_any_order(spark: "SparkSession", tmp_path: Path) -> None:
    lines = [
        line(1, user="b"),
        line(1, user="a"),
        line(1, user="a", time=f"{DS}T09:00:00Z"),
        line(1, user="c", kind="?"),
    ]
    for number, order in enumerate([lines, lines[::-1]]):
        made = judge(spark, write(tmp_path / f"{number}.csv", *order))
        assert [(e["user_id"], e["event_time"].hour) for e in events(made)] == [("a", 9)]
        assert made.where("duplicate").count() == 2
        assert list(broken(made)) == ["unknown_type"]


def test_what_was_stored_on_a_day_before_is_a_duplicate(spark: "SparkSession", tmp_path: Path) -> None:
    path = write(tmp_path / f"{DS}.csv", line(1), line(2), line(2), line(3))
    made = judge(spark, path, known=[("1", "2017-03-05"), ("2", "2017-03-11"), ("4", "2017-03-11")])
    assert [e["event_id"] for e in events(made)] == ["3"]
    assert made.where("duplicate").count() == 3


def test_a_past_in_one_go_equals_its_nights(spark: "SparkSession", tmp_path: Path) -> None:
    """Repeated ids a few days apart: a duplicate of a duplicate that was not stored is stored."""
    days = [f"2017-03-{n:02d}" for n in range(1, 13)]
    seen = {"a": [1, 4, 9, 12], "b": [2, 9, 10], "c": [2, 10], "d": [5], "e": [1, 1, 2, 2, 9]}
    rows = [(name, days[n - 1]) for name, numbers in seen.items() for n in numbers]
    lines = [line(name, time=f"{ds}T10:00:00Z") for name, ds in rows]
    whole = judge(spark, write(tmp_path / "past.csv", *lines), days=days)

    stored: list[tuple[str, str]] = []
    for ds in days:
        arrived = {name for name, day in rows if day == ds}
        near = {name for name, day in stored if (date.fromisoformat(ds) - date.fromisoformat(day)).days <= 7}
        stored += [(name, ds) for name in sorted(arrived - near)]
    assert ("a", "2017-03-09") in stored
    assert sorted((e["event_id"], e["ds"]) for e in events(whole)) == sorted(stored)
    assert whole.count() == len(rows)


def test_a_past_takes_what_lies_outside_on_its_last_day(spark: "SparkSession", tmp_path: Path) -> None:
    times = ["2017-03-13T00:00:00Z", "2017-03-04T00:00:00Z", "2017-03-10T00:00:00Z", "2017-03-11T00:00:00Z", "?"]
    path = write(tmp_path / "past.csv", *(line(n, time=time) for n, time in enumerate(times)))
    made = judge(spark, path, days=["2017-03-11", DS])
    assert {rule: len(raw) for rule, raw in broken(made).items()} == {"future": 1, "too_late": 1, "unparseable_time": 1}
    assert [(e["event_id"], e["ds"]) for e in events(made)] == [("3", "2017-03-11"), ("2", DS)]
