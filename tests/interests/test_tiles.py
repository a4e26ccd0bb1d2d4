"""Tiles and windows as arrays are those of Spark, to the last bit."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lsif.interests import windows
from lsif.interests.recent import recent_windows, window_days
from lsif.interests.storing import TILES
from lsif.interests.tiles import COLUMNS, rounded, tiles_of_day
from lsif.interests.windows import windows_at
from lsif.outcomes import IMPRESSION
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema
from tests.interests import log

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHOWN = [{**case, "event_type": IMPRESSION, "weight": 0.0} for case in log.random_cases(seed=3, events=50, users=9)]
"""Of other users too, whom nobody would know without."""
CASES = [*log.hard_cases(), *log.random_cases(seed=1), *log.random_cases(seed=2, events=30, users=20), *SHOWN]
HARD_WEIGHTS = [1.0, 1 / 3, 0.1, 0.0, 5e-10, 1.5e-9, 2.5e-9, 0.1234567895, 12_345 + 1 / 3, 678.123]


def test_tiles_as_arrays_are_those_of_spark_to_the_last_bit(spark: "SparkSession") -> None:
    weights = np.random.default_rng(7).choice(HARD_WEIGHTS, len(CASES))
    weights[-len(SHOWN) :] = 0
    events = log.as_arrow(CASES)
    events = events.set_column(events.schema.get_field_index("weight"), "weight", pa.array(weights))
    days = sorted(events["ds"].unique().to_pylist())
    frame = spark.createDataFrame(events).repartition(3, "item_id")
    by_spark = {name: tile(frame).toArrow() for name, tile in TILES.items()}
    seen = dict.fromkeys(TILES, 0)
    for ds in days:
        for name, rows in tiles_of_day(events.filter(pc.field("ds") == ds).select(COLUMNS)).items():
            table = TABLES[name]
            theirs = by_spark[name].filter(pc.field("ds") == ds).select(list(table.columns))
            wanted = theirs.sort_by([(key, "ascending") for key in table.key]).cast(arrow_schema(table, with_ds=False))
            assert rows.to_pylist() == wanted.to_pylist(), (name, ds)
            seen[name] += rows.num_rows
    assert {name: by_spark[name].num_rows for name in TILES} == seen


@pytest.mark.parametrize("kept", [2, 64])
def test_windows_as_arrays_are_those_of_spark(spark: "SparkSession", kept: int) -> None:
    events = log.as_arrow(CASES)
    frame = spark.createDataFrame(events).repartition(3, "item_id")
    dates = ["2017-03-01", "2017-03-11", "2017-03-12", "2017-04-20"]
    by_spark = recent_windows(frame, dates, 7, kept).toArrow()
    for ds in dates:
        first, last = window_days(ds, 7)
        known = events.filter((pc.field("ds") >= first) & (pc.field("ds") <= last))
        rows = windows_at(known.select(windows.COLUMNS), ds, 7, kept)
        wanted = by_spark.filter(pc.field("ds") == ds).sort_by("user_id").drop_columns("ds")
        assert rows.to_pylist() == wanted.to_pylist(), ds
    assert by_spark.num_rows > 10


def test_impressions_are_no_interest() -> None:
    shown, done = log.as_arrow(SHOWN), log.as_arrow(log.hard_cases())
    both = pa.concat_tables([shown, done])
    assert tiles_of_day(both.select(COLUMNS)) == tiles_of_day(done.select(COLUMNS))
    kept = (both.select(windows.COLUMNS), "2017-03-12", 7, 3)
    assert windows_at(*kept).equals(windows_at(done.select(windows.COLUMNS), *kept[1:]))


def test_a_day_without_events_has_empty_tiles() -> None:
    nothing = arrow_schema(TABLES["events"], with_ds=False).empty_table()
    assert {name: rows.num_rows for name, rows in tiles_of_day(nothing.select(COLUMNS)).items()} == dict.fromkeys(
        TILES, 0
    )
    assert windows_at(nothing.select(windows.COLUMNS), "2017-03-12", 7, 64).num_rows == 0


def test_a_half_is_rounded_up_where_a_float_is_exact_and_where_it_is_not() -> None:
    sums = np.array([5e-10, 1.5e-9, 2.5e-9, 0.1234567895, 1 / 3, 1e7 + 1 / 3])
    assert rounded(sums).tolist() == [1e-9, 2e-9, 3e-9, 0.12345679, 0.333333333, 10000000.333333334]
