"""The Spark steps over fifty random logs in one run, against Polars: counts and dates exactly, weights to 1e-9."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from lsif.config import Settings, load_settings
from lsif.days import days_between
from lsif.interests.as_of import history_at
from lsif.interests.bases import history_settings
from lsif.interests.storing import categories, stale_windows, store_histories, store_tiles, store_windows
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.interests import fifty
from tests.interests import polars_reference as reference

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAYS = days_between(fifty.FIRST.isoformat(), date.fromordinal(fifty.FIRST.toordinal() + fifty.DAYS - 1).isoformat())
BASES, WINDOWS, END = (DAYS[30], DAYS[75]), (DAYS[20], DAYS[-1]), DAYS[-1]
EVENTS = fifty.fifty_logs(seed=3)
CATALOGUE = pl.DataFrame({"item_id": EVENTS["item_id"].unique().drop_nulls().sort()}).with_columns(
    category=pl.when(pl.col("item_id").str.ends_with("3")).then(None).otherwise("c" + pl.col("item_id").str.slice(-1))
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("fifty")
    (home / "shop.toml").write_text(SHOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSIF_HOME", str(home))
        patch.delenv("LSIF_TABLES", raising=False)
        return load_settings(home / "shop.toml")


@pytest.fixture(scope="module")
def tables(spark: "SparkSession", settings: Settings) -> Tables:
    """All steps' tables: tiles of every day by one Spark run, two bases and two dates of windows."""
    made = Tables(settings.tables)
    put(made, "items", {DAYS[0]: CATALOGUE})
    put(made, "events", {ds: EVENTS.filter(pl.col("ds") == ds).drop("ds") for ds in DAYS})
    store_tiles(spark, made, DAYS)
    store_histories(spark, made, settings, BASES)
    store_windows(spark, made, settings, WINDOWS)
    return made


def put(tables: Tables, name: str, days: dict[str, pl.DataFrame]) -> None:
    writer, schema = tables.writer(name), tables.schema(name)
    for ds, rows in days.items():
        absent = [pl.lit(None).alias(column) for column in schema.names if column not in rows.columns]
        writer.write(ds, rows.with_columns(absent).select(schema.names).to_arrow().cast(schema))
    writer.commit()


def equal(found: pl.DataFrame, wanted: pl.DataFrame) -> None:
    """Equal rows in any order: numbers with a fraction to 1e-9 of their size, all else exactly."""
    assert len(wanted) > 100
    keys = [name for name, kind in wanted.schema.items() if kind in (pl.String, pl.Date, pl.Datetime("us", "UTC"))]
    assert_frame_equal(
        found.select(wanted.columns).sort(keys), wanted.sort(keys), check_exact=False, rel_tol=1e-9, abs_tol=0.0
    )


def frame(rows: pa.Table) -> pl.DataFrame:
    made = pl.from_arrow(rows)
    assert isinstance(made, pl.DataFrame)
    return made


def parts(histories: pl.DataFrame, column: str, half_lives: tuple[float, ...]) -> pl.DataFrame:
    """One row for each item or category of a history, each half-life's weight in a column."""
    rows = histories.select("user_id", column).explode(column).drop_nulls(column).unnest(column)
    weights = [pl.col("weights").list.get(number).alias(f"weight_{number}") for number in range(len(half_lives))]
    return rows.with_columns(weights)


def test_the_logs_hold_what_they_promise() -> None:
    sizes = EVENTS.group_by("user_id").len()["len"]
    assert EVENTS["user_id"].str.split("-").list.first().n_unique() == fifty.LOGS
    assert (sizes.max(), (sizes == 1).sum() > 100) == (fifty.ROBOT_EVENTS, True)
    assert (EVENTS["ds"].str.to_date() - EVENTS["event_time"].dt.date()).dt.total_days().unique().to_list() == [0, 1, 7]
    assert EVENTS.select("user_id", "event_time").is_duplicated().sum() > 100_000
    assert set(BASES) < set(DAYS)


def test_tiles(tables: Tables) -> None:
    tiles = frame(tables.read("history_tiles"))
    equal(tiles.explode("days").unnest("days"), reference.history_tiles(EVENTS))
    equal(frame(tables.read("user_tiles")), reference.user_tiles(EVENTS))
    equal(frame(tables.read("item_tiles")), reference.item_tiles(EVENTS))


@pytest.mark.parametrize("ds", BASES)
def test_bases(tables: Tables, settings: Settings, ds: str) -> None:
    compare(frame(tables.read("long_term_histories", [ds])), ds, settings)


def test_a_history_from_bases_and_tiles_and_the_same_from_scratch(
    tables: Tables, settings: Settings, tmp_path: Path
) -> None:
    how, catalogue = history_settings(settings), categories(tables, END)
    by_bases = history_at(tables, END, catalogue, how)
    compare(frame(by_bases), END, settings)
    scratch = Tables(str(tmp_path))
    put(scratch, "history_tiles", {ds: frame(tables.read("history_tiles", [ds])).drop("ds") for ds in DAYS})
    assert history_at(scratch, END, catalogue, how).equals(by_bases), "not equal to the last bit"


@pytest.mark.parametrize("ds", WINDOWS)
def test_windows(tables: Tables, settings: Settings, ds: str) -> None:
    found = frame(tables.read("recent_windows", [ds]))
    how = (ds, settings.interests.recent_days, settings.interests.window_events)
    both = {"events": reference.windows(EVENTS, *how), "searches": reference.searches(EVENTS, *how)}
    for name, wanted in both.items():
        told = found.filter(pl.col(name).list.len() > 0).select("user_id", name).explode(name).unnest(name)
        order = ["user_id", "event_time", wanted.columns[1], "event_type"]
        assert len(wanted) > 100
        assert_frame_equal(told.select(wanted.columns), wanted.sort(order))


@pytest.mark.parametrize("other", [{"window_events": 3}, {"recent_days": 3}])
def test_windows_of_another_length_are_stale(tables: Tables, settings: Settings, other: dict[str, int]) -> None:
    changed = settings.model_copy(update={"interests": settings.interests.model_copy(update=other)})
    assert stale_windows(tables, settings, WINDOWS) == []
    assert stale_windows(tables, changed, WINDOWS) == list(WINDOWS)


def compare(histories: pl.DataFrame, ds: str, settings: Settings) -> None:
    half_lives, last_days = settings.interests.half_lives_days, settings.interests.last_days
    items = reference.history_items(EVENTS, ds, half_lives, last_days)
    equal(parts(histories, "items", half_lives), items)
    by_category = reference.history_categories(EVENTS, ds, CATALOGUE, half_lives)
    equal(parts(histories, "categories", half_lives), by_category)
    users = items.group_by("user_id").agg(pl.col("n").sum().alias("n_events"), pl.col("first_day").min())
    equal(histories, users)
