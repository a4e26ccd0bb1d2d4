"""The array merge: by hand, against plain pandas, and the same whichever way a history is reached."""

from datetime import date
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsif.errors import LsifError
from lsif.interests.history import HistorySettings, Tiles, as_table, histories_at, merge, merged
from lsif.interests.merging import rounded
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema, check_columns
from tests.interests import log, reference

TILES = arrow_schema(TABLES["history_tiles"])
SETTINGS = HistorySettings(log.HALF_LIVES, log.LAST_DAYS)
NOTHING = log.no_histories()
FIRST, LAST = date(2016, 11, 1), date(2017, 4, 20)
END = LAST.isoformat()


def tiles_of(events: list[dict[str, Any]]) -> pa.Table:
    frame = log.as_pandas(events)
    rows = [{"ds": ds, **row} for ds in sorted(set(frame["ds"])) for row in reference.history_tiles(frame, ds)]
    return pa.Table.from_pylist(rows, TILES)


def until(tiles: pa.Table, first: str, last: str) -> pa.Table:
    """Tiles of (first, last]."""
    ds = pa.compute.field("ds")
    return tiles.filter((ds > first) & (ds <= last))


def between(tiles: pa.Table) -> Tiles:
    return lambda known, ds: [until(tiles, known, ds)]


def close(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        for part in [*row["items"], *row["categories"]]:
            part["weights"] = pytest.approx(part["weights"], rel=1e-9, abs=0.0)
    return rows


def test_by_hand() -> None:
    tiles = tiles_of(
        [
            log.event("2017-03-02", "b", "7", "2017-03-02T10:00:00"),
            log.event("2017-03-02", "b", "7", "2017-03-02T10:00:00"),
            log.event("2017-03-02", "b", "7", "2017-02-23T10:00:00", weight=4.0),
            log.event("2017-03-01", "b", "007", "2017-03-01T10:00:00"),
            log.event("2017-03-01", "a", "unknown", "2017-03-01T10:00:00"),
        ]
    )
    assert merged(NOTHING, tiles, log.CATALOGUE, "2017-03-02", HistorySettings((7, 1), 1)).to_pylist() == [
        {
            "user_id": "a",
            "n_events": 1,
            "first_day": date(2017, 3, 1),
            "items": [
                {
                    "item_id": "unknown",
                    "n": 1,
                    "weights": [2 ** (-1 / 7), 0.5],
                    "first_day": date(2017, 3, 1),
                    "last_days": [date(2017, 3, 1)],
                }
            ],
            "categories": [],
            "ds": "2017-03-02",
        },
        {
            "user_id": "b",
            "n_events": 4,
            "first_day": date(2017, 2, 23),
            "items": [
                {
                    "item_id": "007",
                    "n": 1,
                    "weights": [2 ** (-1 / 7), 0.5],
                    "first_day": date(2017, 3, 1),
                    "last_days": [date(2017, 3, 1)],
                },
                {
                    "item_id": "7",
                    "n": 3,
                    "weights": [2 + 4 / 2, 2 + 4 / 2**7],
                    "first_day": date(2017, 2, 23),
                    "last_days": [date(2017, 3, 2)],
                },
            ],
            "categories": [
                {"category": "bonds", "n": 1, "weights": [2 ** (-1 / 7), 0.5]},
                {"category": "numbers", "n": 3, "weights": [2 + 4 / 2, 2 + 4 / 2**7]},
            ],
            "ds": "2017-03-02",
        },
    ]


def test_nothing_merged_with_nothing_is_nothing() -> None:
    made = merged(NOTHING, TILES.empty_table(), log.CATALOGUE, END, SETTINGS)
    check_columns("long_term_histories", "the merge gives", NOTHING.schema, made.schema)
    assert made.num_rows == 0


def test_time_alone_decays_and_changes_nothing_else() -> None:
    at_first = merged(NOTHING, tiles_of(log.hard_cases()), log.CATALOGUE, "2017-03-13", SETTINGS)
    later = merged(at_first, TILES.empty_table(), log.CATALOGUE, "2017-03-20", SETTINGS)
    for before, after in zip(at_first.to_pylist(), later.to_pylist(), strict=True):
        for old, new in zip(before["items"], after["items"], strict=True):
            assert new["weights"] == pytest.approx([old["weights"][0] / 2, old["weights"][1] * 2 ** (-7 / 30)])
            assert {**new, "weights": 0} == {**old, "weights": 0}


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Few users, items and days, so that they meet; arrivals up to a week late; gaps of months."""
    happened = st.dates(date(2017, 2, 20), date(2017, 3, 5)) | st.dates(date(2016, 11, 1), date(2017, 4, 12))
    one = st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(["7", "007", "é"]),
        happened,
        st.integers(0, 7),
        st.sampled_from([0.1, 1.0, 3.7]),
    )
    found = draw(st.lists(one, min_size=1, max_size=40))
    return [
        log.event(date.fromordinal(day.toordinal() + late).isoformat(), user, item, f"{day}T12:00:00", weight=weight)
        for user, item, day, late, weight in found
    ]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(logs(), st.lists(st.dates(FIRST, LAST), max_size=6))
def test_every_way_to_a_history_gives_the_same(events: list[dict[str, Any]], stops: list[date]) -> None:
    """From scratch, with any bases on the way, day by day, week by week, and in plain pandas."""
    tiles = tiles_of(events)
    scratch = merged(NOTHING, tiles, log.CATALOGUE, END, SETTINGS)
    steps, days = sorted({d.isoformat() for d in stops} | {END}), sorted({*tiles["ds"].to_pylist(), END})
    weeks = [date.fromordinal(day).isoformat() for day in range(FIRST.toordinal(), LAST.toordinal(), 7)]
    for dates in (steps, days, [*weeks, END]):
        *_, way = histories_at(NOTHING, between(tiles), log.CATALOGUE, dates, SETTINGS)
        assert way.to_pylist() == close(scratch)
    wanted = reference.histories(log.as_pandas(events), END, log.CATEGORY, log.HALF_LIVES, log.LAST_DAYS)
    assert scratch.drop_columns("ds").to_pylist() == close(
        pa.Table.from_pylist(wanted, NOTHING.schema).drop_columns("ds")
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(logs(), st.data())
def test_parts_merge_in_any_order_and_in_any_groups(events: list[dict[str, Any]], data: st.DataObject) -> None:
    """Associative and commutative: rows of tiles, shuffled over days, added group after group to what is there."""
    tiles = tiles_of(events)
    shuffled = tiles.take(data.draw(st.permutations(range(len(tiles)))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(tiles)), max_size=5)))
    state = NOTHING
    for first, last in pairwise([0, *cuts, len(tiles)]):
        state = merged(state, shuffled.slice(first, last - first), log.CATALOGUE, END, SETTINGS)
    assert state.to_pylist() == close(merged(NOTHING, tiles, log.CATALOGUE, END, SETTINGS))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(logs(), st.randoms(use_true_random=False))
def test_rows_may_lie_in_any_order(events: list[dict[str, Any]], random: Any) -> None:
    tiles = tiles_of(events)
    order = list(range(len(tiles)))
    random.shuffle(order)
    scratch = merged(NOTHING, tiles, log.CATALOGUE, END, SETTINGS)
    assert merged(NOTHING, tiles.take(order), log.CATALOGUE, END, SETTINGS).equals(scratch)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(logs(), st.dates(date(2016, 11, 1), date(2017, 4, 19)))
def test_rounded_histories_are_equal_to_the_last_bit(events: list[dict[str, Any]], base_day: date) -> None:
    tiles, ds = tiles_of(events), base_day.isoformat()
    base = merged(NOTHING, until(tiles, "", ds), log.CATALOGUE, ds, SETTINGS)
    ways = [merge(NOTHING, [tiles], END, SETTINGS), merge(base, [until(tiles, ds, END)], END, SETTINGS)]
    one, other = (as_table(rounded(way), log.CATALOGUE, END) for way in ways)
    assert one.equals(other)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(logs())
def test_tiles_in_parts_change_no_bit(events: list[dict[str, Any]]) -> None:
    tiles = tiles_of(events)
    days = ["", *sorted(set(tiles["ds"].to_pylist()))]
    parts = [until(tiles, before, ds) for before, ds in pairwise(days)]
    one, other = (as_table(merge(NOTHING, way, END, SETTINGS), log.CATALOGUE, END) for way in ([tiles], parts))
    assert one.equals(other)


def test_the_first_and_the_last_of_many_days_stay() -> None:
    days = [f"2017-{month:02d}-{day:02d}" for month in (1, 2) for day in range(1, 29)]
    tiles = tiles_of([log.event(ds, "a", "7", f"{ds}T00:00:00") for ds in days])
    state = NOTHING
    for before, ds in pairwise(["", *days]):
        state = merged(state, until(tiles, before, ds), log.CATALOGUE, ds, SETTINGS)
    ((item,),) = state["items"].to_pylist()
    assert (item["n"], item["first_day"]) == (56, date(2017, 1, 1))
    assert item["last_days"] == [date(2017, 2, 26), date(2017, 2, 27), date(2017, 2, 28)]


def test_a_base_of_other_half_lives_is_refused() -> None:
    base = merged(NOTHING, tiles_of(log.hard_cases()), log.CATALOGUE, "2017-03-13", SETTINGS)
    with pytest.raises(LsifError, match="half-lives"):
        merged(base, TILES.empty_table(), log.CATALOGUE, END, HistorySettings((7, 30, 60), 3))
