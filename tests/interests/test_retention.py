"""What is thinned, and that nobody who reads the days that are kept can tell."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.errors import LsifError
from lsif.interests.bases import check_open, thinned_through, usable_bases
from lsif.interests.retention import days_to_thin
from lsif.tables import Tables
from tests.interests import log, reference
from tests.interests.test_as_of import HOW, put, put_base
from tests.known import known_at

DAYS = days_between("2017-03-01", "2017-04-19")
LAST = DAYS[-1]
EVENTS = log.as_pandas(
    [log.event(ds, user, item, f"{ds}T10:00:00") for ds in DAYS for user, item in (("a", "7"), ("b", f"i{ds[-1]}"))]
)


@pytest.fixture
def short(settings: Settings) -> Settings:
    """Nights of 20 days are kept; trainings reach 2 days and the time to repair them back; popularity is of 5 days."""
    changes = {
        "retention": settings.retention.model_copy(update={"days": 20}),
        "training": settings.training.model_copy(update={"cutoffs": 3, "horizon_days": 1}),
        "interests": settings.interests.model_copy(update={"popularity_days": 5, "recent_days": 3}),
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def stored(tables: Tables, short: Settings) -> Tables:
    put_all(tables, "events", lambda ds: [])
    for name in ("history_tiles", "item_tiles", "user_tiles"):
        put_all(tables, name, partial(getattr(reference, name), EVENTS))
    put_all(tables, "recent_windows", lambda ds: reference.windows(EVENTS, ds, 28, 64))
    put(tables, "items", DAYS[0], [{"item_id": "7", "category": "c"}])
    for ds in (DAYS[5], DAYS[25], DAYS[40]):
        put_base(tables, short, ds)
    return tables


def put_all(tables: Tables, name: str, rows: Callable[[str], list[dict[str, Any]]]) -> None:
    writer = tables.writer(name)
    for ds in DAYS:
        writer.write(ds, pa.Table.from_pylist(rows(ds), tables.schema(name)))
    writer.commit()


def thin(tables: Tables, settings: Settings, ds: str = LAST) -> None:
    for name, days in days_to_thin(tables, settings, ds).items():
        tables.remove(name, days)


def test_old_days_go_but_for_what_the_kept_ones_need(stored: Tables, short: Settings) -> None:
    first = day_before(LAST, 20 + 3)  # DAYS[26], what a list of DAYS[29] is made from; the base before it is DAYS[25]
    put_all(stored, "user_interests", lambda ds: [])
    thin(stored, short)
    assert stored.days("recent_windows")[0] == first
    assert stored.days("user_interests")[0] == day_before(LAST, 20), "one for each night that is kept"
    assert stored.days("item_tiles")[0] == stored.days("user_tiles")[0] == day_before(first, 4)
    assert stored.days("long_term_histories") == [DAYS[25], DAYS[40]]
    assert stored.days("history_tiles") == DAYS[26:]
    assert stored.days("events") == DAYS
    assert not any(days_to_thin(stored, short, LAST).values())


def test_every_kept_day_is_known_as_before(stored: Tables, short: Settings) -> None:
    kept = DAYS[26:]
    before = [known_at(stored, ds, short) for ds in kept]
    thin(stored, short)
    assert [known_at(stored, ds, short) for ds in kept] == before
    assert usable_bases(stored, LAST, HOW) == [DAYS[25], DAYS[40]]
    put_base(stored, short, DAYS[45])
    assert usable_bases(stored, LAST, HOW) == [DAYS[25], DAYS[40], DAYS[45]]
    thin(stored, short, DAYS[-1])
    with pytest.raises(LsifError, match="run \\(or backfill\\) those days first"):
        known_at(stored, DAYS[20], short)


@pytest.mark.parametrize("gone", ["recent_windows", "user_tiles", "item_tiles", "history_tiles"])
def test_one_day_more_would_be_missed(stored: Tables, short: Settings, gone: str) -> None:
    thin(stored, short)
    stored.remove(gone, stored.days(gone)[:1])
    with pytest.raises(LsifError, match=f"{gone} lacks"):
        known_at(stored, DAYS[26], short)


def test_a_training_keeps_what_its_cutoffs_need(stored: Tables, short: Settings) -> None:
    few = short.model_copy(update={"retention": short.retention.model_copy(update={"days": 1})})
    thin(stored, few)
    assert stored.days("recent_windows")[0] == day_before(LAST, 3 * 1 + 14 + 3)


def test_a_stale_base_keeps_no_tile_from_its_place(stored: Tables, short: Settings) -> None:
    put(stored, "history_tiles", DAYS[10], reference.history_tiles(EVENTS, DAYS[11]))
    assert usable_bases(stored, LAST, HOW) == [DAYS[5]]
    thin(stored, short)
    assert stored.days("history_tiles") == DAYS[6:]
    assert stored.days("long_term_histories") == [DAYS[5], DAYS[25], DAYS[40]]


def test_with_no_base_no_tile_goes(stored: Tables, short: Settings) -> None:
    stored.remove("long_term_histories", DAYS)
    thin(stored, short)
    assert stored.days("history_tiles") == DAYS


def test_days_that_a_base_alone_stands_for_are_closed(stored: Tables, short: Settings) -> None:
    check_open(stored, DAYS[3], DAYS[3])
    thin(stored, short)
    assert thinned_through(stored) == DAYS[25]
    check_open(stored, DAYS[26], DAYS[26])
    for first, last in ((DAYS[25], DAYS[25]), ("2017-02-28", "2017-02-28"), (DAYS[0], DAYS[24]), (DAYS[1], LAST)):
        with pytest.raises(LsifError, match=f"ds={first} is closed: tiles up to {DAYS[25]} have been thinned"):
            check_open(stored, first, last)
    check_open(stored, DAYS[0], DAYS[25])


def test_rows_of_users_go_when_their_table_says_so(stored: Tables, short: Settings) -> None:
    kept = short.retention.model_copy(update={"tables": {"quarantine": 3, "events": 20, "users": 20}})
    put_all(stored, "quarantine", lambda ds: [{"rule": "future", "source": "shop", "raw": ds}])
    for ds in (DAYS[2], DAYS[10], DAYS[20], DAYS[35]):
        put(stored, "users", ds, [{"user_id": "a", "opt_out": False, "attributes": []}])
    found = days_to_thin(stored, short.model_copy(update={"retention": kept}), LAST)
    assert found["quarantine"] == DAYS[:-4]
    thinned = days_to_thin(stored, short, LAST)
    needless = sorted({*thinned["history_tiles"]} & {*thinned["item_tiles"]})
    assert found["events"] == needless != [], "what a base holds, and no popularity is counted from any more"
    assert found["users"] == [DAYS[2], DAYS[10]], "what is in force on the oldest day that is kept stays"
    assert "events" not in days_to_thin(stored, short, LAST)
