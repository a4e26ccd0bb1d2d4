"""The catalogue's contract, in every format."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.bounds import Rules
from lsif.config import Catalogue
from lsif.errors import LsifError
from lsif.interests.catalogue import judged_products

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COLUMNS: dict[str, Any] = {
    "item_id": "id",
    "title": "name",
    "category": "kind",
    "text": ["name", "words"],
    "available": "sold",
}
COLUMNS |= {"attributes": ["colour", "kind"], "numbers": ["price"]}
ROWS: list[dict[str, Any]] = [
    {"id": "7", "name": "Tea", "kind": "drinks", "words": "hot, green", "sold": "true", "price": "12.5"},
    {"id": "007", "name": 'Say "hi"', "kind": None, "words": None, "sold": "No", "price": "cheap"},
    {"id": "7", "name": "Other tea", "kind": "drinks", "words": "", "sold": "true"},
    {"id": " ", "name": "Nameless", "kind": "drinks", "words": "", "sold": "true"},
    {"id": "9", "name": "n" * 31, "kind": "drinks", "words": "", "sold": "true", "price": "-1e3", "colour": "c" * 31},
]
ROWS = [{"price": None, "colour": None, **row} for row in ROWS]


def catalogue(kind: str, columns: dict[str, Any] = COLUMNS) -> Catalogue:
    return Catalogue.model_validate({"path": f"items.{kind}", "format": kind, "columns": columns})


def write(folder: Path, kind: str) -> str:
    path = folder / f"items.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n")
    else:
        cells = [['"' + (cell or "").replace('"', '""') + '"' if cell else "" for cell in row.values()] for row in ROWS]
        path.write_text("\n".join([",".join(ROWS[0]), *map(",".join, cells)]) + "\n")
    return str(path)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_products_become_items(spark: "SparkSession", tmp_path: Path, kind: str) -> None:
    found = judged_products(spark, catalogue(kind), write(tmp_path, kind), Rules(max_text=30))
    names = ("item_id", "title", "category", "brand", "text", "available", "published")
    assert [tuple(row[name] for name in names) for row in found.rows.to_pylist()] == [
        ("007", 'Say "hi"', None, None, 'Say "hi"', False, None),
        ("7", "Tea", "drinks", None, "Tea hot, green", True, None),
        ("9", "n" * 30, "drinks", None, "n" * 30, True, None),
    ]
    assert found.lost == {"title": 1, "text": 1, "attributes": 1, "numbers": 1}, "cut, or no number, and told"
    said = [
        {pair["name"]: pair["value"] for pair in row["attributes"] + row["numbers"]} for row in found.rows.to_pylist()
    ]
    assert said == [{}, {"kind": "drinks", "price": 12.5}, {"kind": "drinks", "colour": "c" * 30, "price": -1000.0}]
    assert [(row["rule"], row["source"], json.loads(row["raw"])["name"]) for row in found.rejects.to_pylist()] == [
        ("missing_id", "catalogue", "Nameless"),
    ]
    assert (found.rows_in, found.repeated) == (5, 1)


def test_the_first_of_a_products_rows_is_the_first_as_they_lie(spark: "SparkSession", tmp_path: Path) -> None:
    for number in range(3):
        rows = [f"{item},{number}-{item}" for item in range(5)]
        (tmp_path / f"{number}.csv").write_text("\n".join(["id,name", *rows, *(f"0,again {n}" for n in range(number))]))
    found = judged_products(spark, catalogue("csv", {"item_id": "id", "title": "name"}), str(tmp_path), Rules())
    assert found.rows["title"].to_pylist() == [f"0-{item}" for item in range(5)]
    assert (found.rows_in, found.repeated) == (18, 13)


def test_numbers_as_ids_become_their_digits(spark: "SparkSession", tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pq.write_table(pa.table({"id": pa.array([7, 8], pa.int64())}), path)
    found = judged_products(spark, catalogue("parquet", {"item_id": "id"}), str(path), Rules())
    assert found.rows["item_id"].to_pylist() == ["7", "8"]


def test_a_renamed_column_stops_it(spark: "SparkSession", tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,Name,kind,words,sold\n")
    with pytest.raises(LsifError, match="no column name; it has id, Name"):
        judged_products(spark, catalogue("csv", {"item_id": "id", "title": "name"}), str(path), Rules())
