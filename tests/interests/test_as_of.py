"""What is known at a day: base and tiles, every day of them, and nothing that came later."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lsif.config import Interests, Settings
from lsif.errors import MissingDays
from lsif.interests.as_of import base_and_tile_days, base_parts, history_at, tile_parts
from lsif.interests.bases import base_days, history_settings, is_due, made_from, tiles_digest, usable_bases
from lsif.interests.history import HistorySettings, merged
from lsif.interests.storing import store_histories
from lsif.interests.tabled import as_table
from lsif.tables import Tables
from tests.interests import log, reference
from tests.known import known_at

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS = [f"2017-03-{day:02d}" for day in range(1, 11)]
HOW = HistorySettings(Interests().half_lives_days, Interests().last_days)
EVENTS = log.as_pandas(
    [log.event(ds, user, item, f"{ds}T10:00:00") for ds in DAYS for user, item in (("a", "7"), ("b", f"i{ds[-1]}"))]
)


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row a row group of its own."""
    monkeypatch.setattr("lsif.tables.files.GROUP_BYTES", 1)


def put(tables: Tables, name: str, ds: str, rows: list[dict[str, Any]]) -> None:
    put_table(tables, name, ds, pa.Table.from_pylist(rows, tables.schema(name)))


def put_table(tables: Tables, name: str, ds: str, rows: pa.Table, made: Mapping[str, int] | None = None) -> None:
    writer = tables.writer(name)
    writer.write(ds, rows.select(tables.schema(name).names))
    writer.commit(made)


def put_tiles(tables: Tables, ds: str) -> None:
    put(tables, "history_tiles", ds, reference.history_tiles(EVENTS, ds))
    put(tables, "item_tiles", ds, reference.item_tiles(EVENTS, ds))
    put(tables, "user_tiles", ds, reference.user_tiles(EVENTS, ds))


def put_base(tables: Tables, settings: Settings, ds: str) -> None:
    tiles = tables.read("history_tiles", filter=pc.field("ds") <= ds)
    how = history_settings(settings)
    base = merged(log.no_histories(), tiles, log.CATALOGUE, ds, how)
    put_table(tables, "long_term_histories", ds, base, made_from([ds], tiles_digest(tables), how))


@pytest.fixture
def stored(tables: Tables) -> Tables:
    """Tiles of ten days, the windows of the ninth, and a catalogue on the first and the tenth."""
    for ds in DAYS:
        put_tiles(tables, ds)
    put(tables, "recent_windows", DAYS[8], reference.windows(EVENTS, DAYS[8], 28, 64))
    for ds, category in ((DAYS[0], "old"), (DAYS[9], "new")):
        put(tables, "items", ds, [{"item_id": "7", "category": category}])
    return tables


def test_known_is_what_had_arrived(stored: Tables, settings: Settings) -> None:
    ds = DAYS[8]
    known = known_at(stored, ds, settings)
    half_lives, last_days = settings.interests.half_lives_days, settings.interests.last_days
    wanted = reference.histories(EVENTS, ds, {"7": "old"}, half_lives, last_days)
    for row in wanted:
        for part in [*row["items"], *row["categories"]]:
            part["weights"] = pytest.approx(part["weights"], rel=1e-9)
    assert known.histories.drop_columns("ds").to_pylist() == wanted
    assert known.windows["ds"].unique().to_pylist() == [ds]
    for tiles in (known.item_tiles, known.user_tiles):
        assert sorted(tiles["ds"].unique().to_pylist()) == DAYS[:9]
    assert known.items["category"].to_pylist() == ["old"]


def test_popularity_is_of_its_last_days_only(stored: Tables, settings: Settings) -> None:
    interests = settings.interests.model_copy(update={"popularity_days": 3})
    known = known_at(stored, DAYS[8], settings.model_copy(update={"interests": interests}))
    assert sorted(known.item_tiles["ds"].unique().to_pylist()) == DAYS[6:9]


def test_whatever_base_it_comes_from_a_history_is_the_same(stored: Tables, settings: Settings) -> None:
    scratch = known_at(stored, DAYS[8], settings).histories
    for ds in (DAYS[2], DAYS[5], DAYS[8]):
        put_base(stored, settings, ds)
        assert base_and_tile_days(stored, DAYS[8], HOW) == (ds, DAYS[DAYS.index(ds) + 1 : 9])
        assert known_at(stored, DAYS[8], settings).histories.equals(scratch)


@pytest.mark.parametrize(
    "other", [{"half_lives_days": (7, 30, 60, 90, 365)}, {"half_lives_days": (7,)}, {"last_days": 3}]
)
def test_a_base_of_other_settings_is_not_used(stored: Tables, settings: Settings, other: dict[str, Any]) -> None:
    changed = settings.model_copy(update={"interests": settings.interests.model_copy(update=other)})
    scratch, how = known_at(stored, DAYS[8], changed).histories, history_settings(changed)
    put_base(stored, settings, DAYS[5])
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[5]] and usable_bases(stored, DAYS[8], how) == []
    assert known_at(stored, DAYS[8], changed).histories.equals(scratch)
    put_base(stored, changed, DAYS[5])
    assert usable_bases(stored, DAYS[8], HOW) == [] and usable_bases(stored, DAYS[8], how) == [DAYS[5]]
    assert known_at(stored, DAYS[8], changed).histories.equals(scratch)


def test_a_base_of_a_release_that_wrote_no_settings_down_is_used(stored: Tables, settings: Settings) -> None:
    put_base(stored, settings, DAYS[4])
    rows = stored.read("long_term_histories", [DAYS[4]])
    put_table(stored, "long_term_histories", DAYS[5], rows, {DAYS[5]: tiles_digest(stored)(DAYS[5])})
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[4], DAYS[5]]


def test_missing_days_are_named(tables: Tables, settings: Settings) -> None:
    for ds in [*DAYS[:3], *DAYS[5:9]]:
        put_tiles(tables, ds)
    with pytest.raises(MissingDays) as missing:
        known_at(tables, DAYS[8], settings)
    assert (missing.value.table, missing.value.days) == ("recent_windows", [DAYS[8]])
    put(tables, "recent_windows", DAYS[8], [])
    with pytest.raises(MissingDays) as missing:
        known_at(tables, DAYS[8], settings)
    assert (missing.value.table, missing.value.days) == ("items", [DAYS[8]])
    put(tables, "items", DAYS[0], [])
    with pytest.raises(MissingDays) as missing:
        known_at(tables, DAYS[8], settings)
    assert missing.value.days == DAYS[3:5]


@pytest.mark.usefixtures("small_groups")
def test_a_base_is_read_by_row_groups_and_its_ids_as_dictionaries(stored: Tables, settings: Settings) -> None:
    scratch = history_at(stored, DAYS[8], log.CATALOGUE, history_settings(settings))
    put_base(stored, settings, DAYS[4])
    base = stored.read("long_term_histories", [DAYS[4]])
    in_two = pa.concat_tables([base.slice(0, 1), base.slice(1)])
    put(stored, "long_term_histories", DAYS[4], [])
    put_table(stored, "long_term_histories", DAYS[4], in_two, made_from([DAYS[4]], tiles_digest(stored), HOW))
    parts = list(base_parts(stored, DAYS[4]))
    assert [part["user_id"].to_pylist() for part in parts] == [["a"], ["b"]]
    items = pc.struct_field(pc.list_flatten(parts[0]["items"]), "item_id")
    assert pa.types.is_dictionary(items.type) and items.to_pylist() == ["7"]
    assert history_at(stored, DAYS[8], log.CATALOGUE, history_settings(settings)).equals(scratch)


def test_files_of_a_base_may_lie_in_any_order(stored: Tables, settings: Settings) -> None:
    """As Spark writes them: sorted by user, but not among each other."""
    scratch = history_at(stored, DAYS[8], log.CATALOGUE, history_settings(settings))
    put_base(stored, settings, DAYS[4])
    base = stored.read("long_term_histories", [DAYS[4]])
    put(stored, "long_term_histories", DAYS[4], [])
    writer = stored.writer("long_term_histories")
    for rows in (base.slice(1), base.slice(0, 1)):
        writer.write(DAYS[4], rows.drop_columns("ds"))
    writer.commit({DAYS[4]: tiles_digest(stored)(DAYS[4])})
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[4]]
    assert history_at(stored, DAYS[8], log.CATALOGUE, history_settings(settings)).equals(scratch)


@pytest.mark.usefixtures("small_groups")
def test_histories_of_many_dates_never_lie_in_memory_whole(
    spark: "SparkSession", stored: Tables, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each date begins with what was written of the one before."""
    dates, made = [DAYS[3], DAYS[5], DAYS[8]], list[ref[pa.Table]]()
    most = 0

    def watched(*of: Any) -> pa.Table:
        nonlocal most
        part = as_table(*of)
        made.append(ref(part))
        most = max(most, sum(one() is not None for one in made))
        return part

    for ds in dates:
        store_histories(spark, stored, settings, [ds])
    one_by_one = {ds: stored.read("long_term_histories", [ds]) for ds in dates}
    for ds in dates:
        put(stored, "long_term_histories", ds, [])
    monkeypatch.setattr("lsif.interests.history.ROWS", 1)
    monkeypatch.setattr("lsif.interests.history.as_table", watched)
    store_histories(spark, stored, settings, dates)
    assert {ds: stored.read("long_term_histories", [ds]) for ds in dates} == one_by_one
    assert (len(made), most) == (6, 2), "two users at three dates: what is written and what is made next"


def test_a_base_of_nobody_has_no_parts(stored: Tables) -> None:
    put(stored, "long_term_histories", DAYS[4], [])
    assert list(base_parts(stored, DAYS[4])) == list(base_parts(stored, None)) == []


@pytest.mark.usefixtures("small_groups")
def test_tiles_are_read_a_row_group_at_a_time(stored: Tables) -> None:
    parts = list(tile_parts(stored, DAYS[:3]))
    assert [(part["ds"].to_pylist(), len(part)) for part in parts] == [([ds], 1) for ds in DAYS[:3] for _ in range(2)]
    assert pa.types.is_dictionary(parts[0]["user_id"].type) and pa.types.is_dictionary(parts[0]["item_id"].type)


def test_a_base_holds_the_days_before_it(stored: Tables, settings: Settings) -> None:
    """Tiles before a base may be gone; those after it may not."""
    put_base(stored, settings, DAYS[4])
    thinned = Tables(f"{stored.root}-thinned")
    base = stored.read("long_term_histories", [DAYS[4]])
    put_table(thinned, "long_term_histories", DAYS[4], base, made_from([DAYS[4]], tiles_digest(stored), HOW))
    for ds in DAYS[6:]:
        put_tiles(thinned, ds)
    with pytest.raises(MissingDays, match=DAYS[5]):
        base_and_tile_days(thinned, DAYS[8], HOW)
    put_tiles(thinned, DAYS[5])
    assert base_and_tile_days(thinned, DAYS[8], HOW) == (DAYS[4], DAYS[5:9])
    put_base(thinned, settings, DAYS[7])
    assert usable_bases(thinned, DAYS[8], HOW) == [DAYS[4], DAYS[7]]
    put_tiles(thinned, DAYS[6])
    assert usable_bases(thinned, DAYS[8], HOW) == [DAYS[4], DAYS[7]], "the same tile again"
    put(thinned, "history_tiles", DAYS[6], [])
    assert usable_bases(thinned, DAYS[8], HOW) == [DAYS[4]]


@pytest.mark.parametrize("changed", [0, 2, 4], ids=["before the first base", "between", "on the day of a base"])
def test_a_base_that_lacks_a_tile_as_it_is_now_is_not_used(stored: Tables, settings: Settings, changed: int) -> None:
    for ds in (DAYS[1], DAYS[4], DAYS[7]):
        put_base(stored, settings, ds)
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[1], DAYS[4], DAYS[7]]
    grown = reference.history_tiles(EVENTS, DAYS[changed])
    put(stored, "history_tiles", DAYS[changed], [*grown, {**grown[0], "user_id": "late"}])
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[1]] * (changed > 1)
    put_base(stored, settings, DAYS[7])
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[1]] * (changed > 1) + [DAYS[7]]


def test_a_day_before_the_logs_first_makes_every_base_stale(stored: Tables, settings: Settings) -> None:
    put_base(stored, settings, DAYS[4])
    put(stored, "history_tiles", "2017-02-28", [])
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[4]], "an empty day changes nothing"
    put(stored, "history_tiles", "2017-02-28", reference.history_tiles(EVENTS, DAYS[0]))
    assert usable_bases(stored, DAYS[8], HOW) == []
    assert base_and_tile_days(stored, DAYS[1], HOW) == (None, ["2017-02-28", *DAYS[:2]])


def test_a_base_that_says_not_what_it_holds_is_not_used(stored: Tables, settings: Settings) -> None:
    put_base(stored, settings, DAYS[4])
    put_table(stored, "long_term_histories", DAYS[5], stored.read("long_term_histories", [DAYS[4]]))
    assert usable_bases(stored, DAYS[8], HOW) == [DAYS[4]]


def test_a_base_replaced_while_it_is_read_does_no_harm(
    stored: Tables, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_base(stored, settings, DAYS[4])
    scratch = known_at(stored, DAYS[8], settings).histories
    read = Tables.row_groups

    def replaced_first(self: Tables, name: str, *arguments: Any, **options: Any) -> Iterator[pa.Table]:
        if name == "long_term_histories":
            put(stored, name, DAYS[4], [])
        return read(self, name, *arguments, **options)

    monkeypatch.setattr(Tables, "row_groups", replaced_first)
    assert history_at(stored, DAYS[8], scratch_catalogue(stored), history_settings(settings)).equals(scratch)


def scratch_catalogue(tables: Tables) -> pa.Table:
    return tables.read("items", [DAYS[0]])


def test_no_tiles_at_all_are_missing_too(tables: Tables) -> None:
    with pytest.raises(MissingDays, match="history_tiles lacks 2017-03-01"):
        base_and_tile_days(tables, DAYS[0], HOW)


def test_base_days_follow_from_the_sizes_of_tiles() -> None:
    year = {f"{day:04d}": 100 for day in range(365)}
    due = base_days(year)
    assert due[:8] == ["0000", "0001", "0002", "0003", "0005", "0007", "0010", "0013"]
    assert len(due) < 30
    assert base_days(dict(reversed(year.items()))) == due
    assert base_days({"a": 0, "b": 0, "c": 1, "d": 0}) == ["c"]
    assert all(ds in due for ds in base_days({ds: year[ds] for ds in list(year)[:100]}))


def test_a_base_is_due_by_size_or_when_the_last_due_one_is_missing_or_stale(stored: Tables, settings: Settings) -> None:
    for ds in DAYS:
        put(stored, "events", ds, [{"source": "shop", "event_id": f"{ds}-{n}"} for n in range(2)])
    assert base_days(stored.rows("events", last=DAYS[8])) == [*DAYS[:4], DAYS[5], DAYS[7]]
    assert is_due(stored, DAYS[8], HOW), "none was written yet, as after an import"
    put_base(stored, settings, DAYS[7])
    assert [is_due(stored, ds, HOW) for ds in DAYS[6:9]] == [True, True, False]
    put(stored, "history_tiles", DAYS[2], [])
    assert is_due(stored, DAYS[8], HOW)


def test_rows_are_counted_by_the_log_alone(tables: Tables) -> None:
    put_tiles(tables, DAYS[0])
    put(tables, "history_tiles", DAYS[1], [])
    put_tiles(tables, DAYS[2])
    for file in Path(tables.path("history_tiles")).rglob("*.parquet"):
        file.unlink()
    assert tables.rows("history_tiles", last=DAYS[1]) == {DAYS[0]: 2, DAYS[1]: 0}
