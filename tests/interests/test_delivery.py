"""One event in every way a source may write it; what Spark alone would lose or change on the way."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.errors import LsifError
from lsif.interests.delivery import delivery
from tests.interests.deliver import COLUMNS, DS, HEADER, line, source, write

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEW_YORK = ZoneInfo("America/New_York")
PLAIN = {"user_id": "user", "item_id": "item", "event_time": "time"}


def rows(spark: "SparkSession", *paths: str, kind: str = "csv", **changes: Any) -> list[dict[str, Any]]:
    found = delivery(spark, "shop", source(kind, **changes), dict.fromkeys(paths)).toArrow().to_pylist()
    return sorted(found, key=lambda row: (row["event_id"] or "", row["raw"]))


def times(spark: "SparkSession", folder: Path, texts: list[str], **changes: Any) -> list[datetime | None]:
    lines = [line(f"{number:03d}", time=text) for number, text in enumerate(texts)]
    return [row["event_time"] for row in rows(spark, write(folder / f"{DS}.csv", *lines), **changes)]


def test_times_mean_one_instant(spark: "SparkSession", tmp_path: Path) -> None:
    instant = datetime(2017, 3, 12, 6, 30, tzinfo=UTC)
    same = ["2017-03-12T06:30:00Z", "2017-03-12 06:30", "2017-03-12T06:30:00.000000", "2017-03-12T01:30:00-05:00"]
    same += ["2017-03-12 01:30:00 -0500", "2017-03-12T06:30:00UTC", "1489300200", "1489300200.0", "1489300200000"]
    same += ["1489300200000000", "1.4893002E9", " 2017-03-12T06:30:00Z "]
    assert times(spark, tmp_path, same) == [instant] * len(same)
    micros = ["2017-03-12T06:30:00.123456789Z", "1489300200.123456", "1489300200123456"]
    assert times(spark, tmp_path, micros) == [instant.replace(microsecond=123456)] * 3
    none = ["12:30", "2017", "2017-03", "now", "2017-02-30", "2017-03-12T25:00:00", "20170312", "-1489300200", "9" * 30]
    assert times(spark, tmp_path, none) == [None] * len(none)


def test_wall_clocks_of_the_source_also_where_they_jump(spark: "SparkSession", tmp_path: Path) -> None:
    """As `zoneinfo` reads them: a skipped hour moves on, of an hour that comes twice the first is meant."""
    clocks = [f"2017-{day} {hour:02d}:30:00" for day in ("03-11", "03-12", "11-04", "11-05") for hour in range(5)]
    wanted = [datetime.fromisoformat(clock).replace(tzinfo=NEW_YORK).astimezone(UTC) for clock in clocks]
    assert times(spark, tmp_path, clocks, time_zone="America/New_York") == wanted
    assert wanted[7] == wanted[8] == datetime(2017, 3, 12, 7, 30, tzinfo=UTC)
    (midnight,) = times(spark, tmp_path, ["2017-03-13"], time_zone="America/New_York")
    assert midnight == datetime(2017, 3, 13, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "hour"),
    [
        (pa.timestamp("ns"), datetime(2017, 3, 12, 10, 0, 0, 123456), 14),
        (pa.timestamp("us"), datetime(2017, 3, 12, 10, 0, 0, 123456), 14),
        (pa.timestamp("ns", "UTC"), datetime(2017, 3, 12, 10, 0, 0, 123456, UTC), 10),
        (pa.timestamp("us", "America/New_York"), datetime(2017, 3, 12, 10, 0, 0, 123456, UTC), 10),
        (pa.float64(), 1489312800.123456, 10),
        (pa.int64(), 1489312800123456, 10),
        (pa.string(), "2017-03-12T10:00:00.123456", 14),
    ],
)
def test_parquet_times(spark: "SparkSession", tmp_path: Path, kind: pa.DataType, value: Any, hour: int) -> None:
    path = tmp_path / "day.parquet"
    pq.write_table(pa.table({"user": ["u"], "item": ["i"], "time": pa.array([value], kind)}), path)
    options = {"columns": PLAIN, "event_type": "purchase", "time_zone": "America/New_York"}
    (row,) = rows(spark, str(path), kind="parquet", **options)
    assert row["event_time"] == datetime(2017, 3, 12, hour, 0, 0, 123456, UTC)


def test_sparks_own_old_timestamps_are_instants(spark: "SparkSession", tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    table = pa.table({"user": ["u"], "item": ["i"], "time": pa.array([datetime(2017, 3, 12, 10)], pa.timestamp("us"))})
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)
    options = {"columns": PLAIN, "event_type": "purchase", "time_zone": "America/New_York"}
    (row,) = rows(spark, str(path), kind="parquet", **options)
    assert row["event_time"] == datetime(2017, 3, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("name", ["{ds}.{kind}", "{ds}/part-2017-03-13.{kind}", "{ds}/{ds} of 2017-03-13.{kind}"])
def test_the_day_that_a_file_names(spark: "SparkSession", tmp_path: Path, kind: str, name: str) -> None:
    """Also below folders that read like days, or that an address spells otherwise."""
    home, days, paths = tmp_path / "2017-03-12 a+b é%41/2017-03-13/x/..", ("2017-03-12", "2017-03-13"), {}
    (tmp_path / "2017-03-12 a+b é%41/2017-03-13/x").mkdir(parents=True)
    for number, ds in enumerate(days):
        file = home / name.format(ds=ds, kind=kind)
        one = pa.table({"user": [str(number)], "item": ["i"], "time": ["2017-03-12T10:00:00Z"]})
        write(file, f"{number},i,2017-03-12T10:00:00Z", header="user,item,time")
        if kind == "jsonl":
            file.write_text(json.dumps(one.to_pylist()[0]))
        if kind == "parquet":
            pq.write_table(one, file)
        paths[str(home / name.partition("/")[0].format(ds=ds, kind=kind))] = ds
    plain = source(kind, columns=PLAIN, event_type="purchase")
    found = delivery(spark, "shop", plain, paths).select("user_id", "file_day").toArrow().to_pylist()
    assert {row["user_id"]: str(row["file_day"]) for row in found} == {"0": days[0], "1": days[1]}
    (row, _) = delivery(spark, "shop", plain, dict.fromkeys(paths)).collect()
    assert row.file_day is None


def test_parquet_ids_and_dates(spark: "SparkSession", tmp_path: Path) -> None:
    path = tmp_path / "ds=2017-03-12" / "day[1]{x}*.parquet"  # would be a column, and a glob
    path.parent.mkdir()
    table = pa.table({"a.b": pa.array([7, 8], pa.int64()), "item": ["007 ", None], "time": [date(2017, 3, 12)] * 2})
    pq.write_table(table, path)
    columns = {"user_id": "a.b", "item_id": "item", "event_time": "time", "event_id": ["a.b", "item"]}
    good, bad = rows(spark, str(path), kind="parquet", columns=columns, event_type="purchase")[::-1]
    assert (good["event_id"], good["user_id"], good["item_id"]) == ("7:007 ", "7", "007 ")
    assert (bad["event_id"], bad["lacks_id"], json.loads(bad["raw"])["item"]) == (None, True, None)
    pq.write_table(table.set_column(0, "a.b", pa.array([7.0, 8.0])), path)
    with pytest.raises(LsifError, match=r"sources.shop: the id column a.b is double"):
        rows(spark, str(path), kind="parquet", columns=columns, event_type="purchase")


def test_json_lines(spark: "SparkSession", tmp_path: Path) -> None:
    good = ['{"id": 1, "user": "u ", "item": "007", "type": "purchase", "time": "2017-03-12", "value": 1.5}']
    good += ['{"id": 12345678901234567890, "user": 5, "item": "é", "type": "browse", "time": 1489312800.5}']
    bad = ["{", "[1]", '"x"', good[0] + good[0], good[0] + " more", good[0][:-1], "{'id': 1}"]
    path = tmp_path / "day.jsonl"
    path.write_text("\n".join([*good, "", *bad]))
    found = rows(spark, str(path), kind="jsonl")
    assert sorted(row["raw"] for row in found if not row["readable"]) == sorted(bad)
    told = [(r["event_id"], r["user_id"], r["item_id"], r["value"], r["raw"]) for r in found if r["readable"]]
    assert told == [("1", "u ", "007", 1.5, good[0]), ("12345678901234567890", "5", "é", None, good[1])]
    assert found[-1]["event_time"] == datetime(2017, 3, 12, 10, 0, 0, 500000, UTC)


def test_files_of_one_day_may_order_their_columns_as_they_like(spark: "SparkSession", tmp_path: Path) -> None:
    one = write(tmp_path / "one.csv", line(1, user="a", item="b"))
    names = ["extra", *HEADER.split(",")[::-1]]
    cells = dict(zip(names[1:], line(2, user="a", item="b").split(",")[::-1], strict=True), extra="x")
    other = write(tmp_path / "other.csv", ",".join(cells[name] for name in names), header=",".join(names))
    found = rows(spark, one, other)
    assert [(r["event_id"], r["user_id"], r["item_id"], r["event_type"]) for r in found] == [
        ("1", "a", "b", "purchase"),
        ("2", "a", "b", "purchase"),
    ]
    assert json.loads(found[1]["raw"])["extra"] == "x"


def test_text_that_is_no_utf8_is_unreadable_and_kept(spark: "SparkSession", tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(f"{HEADER}\r\n{line(1)}\r\n".encode() + line(2, item="caf\xe9").encode("latin-1"))
    good, bad = rows(spark, str(path))
    assert (good["event_id"], good["readable"], bad["readable"]) == ("1", True, False)
    assert "caf\ufffd" in bad["raw"]


def test_rows_without_ids_are_known_by_what_they_say(spark: "SparkSession", tmp_path: Path) -> None:
    columns = {name: column for name, column in COLUMNS.items() if name != "event_id"}
    path = write(tmp_path / f"{DS}.csv", line(1), line(2, user="v"))
    assert [row["lacks_id"] for row in rows(spark, path, columns=columns)] == [False, False]


def test_a_source_must_say_the_type_of_its_events(spark: "SparkSession", tmp_path: Path) -> None:
    with pytest.raises(LsifError, match=r"sources.shop: say columns.event_type, or event_type"):
        rows(spark, str(tmp_path), columns=PLAIN)


def test_a_declared_empty_day_has_no_rows(spark: "SparkSession", tmp_path: Path) -> None:
    (tmp_path / f"{DS}.csv.empty").touch()
    assert rows(spark, str(tmp_path / f"{DS}.csv")) == []
