"""A rejected row says in which file it came and on which line, whoever cuts the file."""

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.intake.lines import base_of, parts_of, told
from lsif.interests.delivery import delivery
from lsif.sources import Source, Users

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DS = "2017-03-12"
PARTS = "spark.sql.files.maxPartitionBytes"
"""Files are cut into parts of so many bytes."""
HEAD = "id,user,item,time"
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "several": {},
    "quoted": {"multiline": True},
    "columns": {"format": "parquet"},
    "list": {"format": "json", "json": "array"},
    "packed": {},
    "lines": {"format": "json"},
}
"""What each source says of itself."""
QUICK = ("plain", "columns")
COLUMNS = {"event_id": "id", "user_id": "user", "item_id": "item", "event_time": "time"}


def row(number: int) -> dict[str, str]:
    """One that breaks a rule every seventh time, and says where it is."""
    return {
        "id": f"e{number}",
        "user": "" if number % 7 == 0 else "u",
        "item": f"at {number}",
        "time": f"{DS}T10:00:00Z",
    }


def lines(first: int, last: int) -> list[str]:
    """CSV in which each row says its line; some lines are blank, some are the header once more."""
    odd = {11: "", 12: HEAD, 30: "   "}
    return [HEAD, *(odd.get(n % 40) or ",".join(row(n).values()) for n in range(first + 1, last))]


def over_lines(count: int) -> list[str]:
    """The same, some cells over two lines."""
    found = [HEAD]
    while (number := len(found) + 1) <= count:
        cells = row(number) | ({"user": '"u\nv"'} if number % 5 == 0 and number % 7 else {})
        found += ",".join(cells.values()).split("\n")
    return found


def deliver(kind: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    text = "\n".join(lines(1, 400)) + "\n"
    match kind:
        case "plain":
            (folder / "a.csv").write_text(text)
        case "packed":
            (folder / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
        case "several":
            for name in ("a b.csv", "b%.csv", "c.csv"):
                (folder / name).write_text(text)
        case "quoted":
            (folder / "a.csv").write_text("\n".join(over_lines(200)) + "\n")
        case "lines":
            (folder / "a.json").write_text("\n".join(json.dumps(row(n)) if n % 5 else "" for n in range(1, 200)))
        case "list":
            (folder / "a.json").write_text(json.dumps([row(n) for n in range(1, 200)], indent=1))
        case "columns":
            pq.write_table(
                pa.Table.from_pylist([row(n) for n in range(1, 2000)]), folder / "a.parquet", row_group_size=99
            )


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in QUICK else pytest.mark.long) for kind in KINDS]
)
def test_a_row_says_its_file_and_its_line(kind: str, spark: "SparkSession", tmp_path: Path) -> None:
    path = f"landing/{kind}+ %/{DS}"
    deliver(kind, tmp_path / path)
    said = {"path": path, "format": "csv", "event_type": "purchase", "columns": COLUMNS, **KINDS[kind]}
    source, paths = Source.model_validate(said), {str(tmp_path / path): DS}
    before = spark.conf.get(PARTS)
    spark.conf.set(PARTS, "3000")
    try:
        rows = delivery(spark, kind, source, paths).where("user_id is null").select("raw", "place")
        found = told(rows, parts_of(spark, source, paths), str(tmp_path)).toArrow().to_pylist()
    finally:
        spark.conf.set(PARTS, before or "")
    assert len(found) > 20
    for one in found:
        assert f"at {one['line']}" == json.loads(one["raw"])["item"], one
        assert one["file"].startswith("landing") and (tmp_path / one["file"]).is_file(), one


def test_files_are_named_as_the_settings_name_them() -> None:
    def given(path: str) -> Users:
        return Users.model_validate({"path": path, "format": "csv", "columns": {"user_id": "id"}})

    assert base_of(given("landing/users/{ds}.csv"), f"/home/landing/users/{DS}.csv") == "/home"
    assert base_of(given("/data/users.csv"), "/data/users.csv") == ""
    assert base_of(given("s3://shop/users.csv"), "s3://shop/users.csv") == ""
