"""The array merge: by hand, against plain pandas, and the same whichever way a history is reached."""

from collections.abc import Iterable
from datetime import date
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsif.errors import LsifError
from lsif.interests.history import HistorySettings, Tiles, histories_at, merge, merged
from lsif.interests.merging import History, rounded
from lsif.interests.tabled import as_table
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


def table_of(parts: Iterable[History]) -> pa.Table:
    return pa.concat_tables(as_table(part, log.CATALOGUE, END) for part in parts)


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


@settings(max_examples=40, deadline=None, derandomize=True)
@given(logs(), st.lists(st.dates(FIRST, LAST), max_size=6))
def test_every_way_to_a_history_gives_the_same(events: list[dict[str, Any]], stops: list[date]) -> None:
    """From scratch, with any bases on the way, day by day, week by week, and in plain pandas."""
    tiles = tiles_of(events)
    scratch = merged(NOTHING, tiles, log.CATALOGUE, END, SETTINGS)
    steps, days = sorted({d.isoformat() for d in stops} | {END}), sorted({*tiles["ds"].to_pylist(), END})
    weeks = [date.fromordinal(day).isoformat() for day in range(FIRST.toordinal(), LAST.toordinal(), 7)]
    for dates in (steps, days, [*weeks, END]):
        made = histories_at([], "", between(tiles), log.CATALOGUE, dates, SETTINGS)
        *_, way = (pa.concat_tables(parts) for parts in made)
        assert way.to_pylist() == close(scratch)
    wanted = reference.histories(log.as_pandas(events), END, log.CATEGORY, log.HALF_LIVES, log.LAST_DAYS)
    assert scratch.drop_columns("ds").to_pylist() == close(
        pa.Table.from_pylist(wanted, NOTHING.schema).drop_columns("ds")
    )


@settings(max_examples=60, deadline=None, derandomize=True)
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


def test_weights_are_added_in_the_order_in_which_days_arrived() -> None:
    """Weights of one day that arrive on three hundred, and sum up to other last bits in any other order."""
    begin = date(2017, 3, 1).toordinal()
    arrived = [date.fromordinal(begin + late).isoformat() for late in range(300)]
    weights = np.random.default_rng(1).uniform(0.1, 100.0, len(arrived)).round(9).tolist()
    rows = [(ds, user, w) for ds, w in zip(arrived, weights, strict=True) for user in "ab"]
    tiles = tiles_of([log.event(ds, user, "7", f"{arrived[0]}T12:00:00", weight=w) for ds, user, w in rows])
    ds, one_half_life = date.fromordinal(begin + 350).isoformat(), HistorySettings((350.0,), 1)
    for order in (np.arange(len(tiles)), np.random.default_rng(2).permutation(len(tiles))):
        made = merged(NOTHING, tiles.take(order), log.CATALOGUE, ds, one_half_life)
        assert [item["weights"] for (item,) in made["items"].to_pylist()] == [[reduce(add, weights) / 2]] * 2


@settings(max_examples=30, deadline=None, derandomize=True)
@given(logs(), st.dates(date(2016, 11, 1), date(2017, 4, 19)))
def test_rounded_histories_are_equal_to_the_last_bit(events: list[dict[str, Any]], base_day: date) -> None:
    tiles, ds = tiles_of(events), base_day.isoformat()
    base = merged(NOTHING, until(tiles, "", ds), log.CATALOGUE, ds, SETTINGS)
    ways = [merge([], [tiles], END, SETTINGS), merge([base], [until(tiles, ds, END)], END, SETTINGS)]
    one, other = (table_of(map(rounded, way)) for way in ways)
    assert one.equals(other)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(logs(), st.dates(date(2016, 10, 31), LAST), st.sets(st.sampled_from("abc")), st.integers(1, 50))
def test_parts_of_users_and_of_days_change_no_bit(
    events: list[dict[str, Any]], base_day: date, lasts: set[str], most: int
) -> None:
    """A base cut after any users and into any number of rows, and tiles day by day."""
    tiles, ds = tiles_of(events), base_day.isoformat()
    base = merged(NOTHING, until(tiles, "", ds), log.CATALOGUE, ds, SETTINGS)
    days = [ds, *sorted(day for day in set(tiles["ds"].to_pylist()) if day > ds)]
    after = [until(tiles, before, day) for before, day in pairwise(days)]
    whole = merged(base, until(tiles, ds, END), log.CATALOGUE, END, SETTINGS)
    user = pa.compute.field("user_id")
    cuts = ["", *sorted(lasts), "z"]
    parts = [base.filter((user > before) & (user <= last)) for before, last in pairwise(cuts)]
    with patch("lsif.interests.history.ROWS", most):
        assert table_of(merge(parts, after, END, SETTINGS)).equals(whole)
        assert table_of(merge([base], after, END, SETTINGS)).equals(whole)


def test_no_part_is_of_more_users_than_it_must() -> None:
    """Each of three users has four rows in the base; two more come with the tiles."""
    tiles = tiles_of([log.event(END, user, item, f"{END}T00:00:00") for user in "ace" for item in log.CATEGORY])
    later = tiles_of([log.event(END, user, item, f"{END}T00:00:00") for user in "bde" for item in log.CATEGORY])
    base = merged(NOTHING, tiles, log.CATALOGUE, END, SETTINGS)

    def users(most: int, *base: pa.Table) -> list[list[str]]:
        with patch("lsif.interests.history.ROWS", most):
            return [part.user_ids.to_pylist() for part in merge(base, [later], END, SETTINGS)]

    assert users(4, base) == [["a"], ["b", "c"], ["d"], ["e"]]
    assert users(4, base.slice(2)) == [["b"], ["d"], ["e"]], "new users before the only one of a base"
    assert users(100, base) == [["a", "b", "c", "d", "e"]]
    assert users(4) == [["b"], ["d"], ["e"]]
    assert users(100, base.slice(0, 1)) == [["a"], ["b", "d", "e"]]
    assert users(100, base.slice(0, 0)) == [["b", "d", "e"]]


def test_many_users_with_many_categories_keep_their_own() -> None:
    """Users times categories are more than 32 bits hold."""
    users, categories = 200_000, 20_000
    names = [f"c{number:05d}" for number in range(categories)]
    catalogue = pa.table({"item_id": ["x", *names], "category": [names[-1], *names]})
    ones = np.ones(users, np.int32)
    history = History(
        pa.array([f"u{number:06d}" for number in range(users)]),
        pa.array(["x", *names]),
        user=np.arange(users, dtype=np.int32),
        item=np.zeros(users, np.int32),
        n=ones.astype(np.int64),
        weights=np.ones((users, 1)),
        first_day=ones,
        lengths=ones,
        days=ones,
    )
    found = pc.list_flatten(as_table(history, catalogue, END)["categories"])
    assert len(found) == users
    assert pc.unique(pc.struct_field(found, "category")).to_pylist() == [names[-1]]


def test_only_the_last_history_is_made_part_by_part() -> None:
    """A base of many users never lies in memory whole while it is written."""
    tiles = tiles_of(log.hard_cases())
    first, last = histories_at([], "", between(tiles), log.CATALOGUE, ["2017-03-12", END], SETTINGS)
    assert (isinstance(first, list), isinstance(last, list)) == (True, False)


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
