"""The catalogue's contract, in every format."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.config import Catalogue, Rules
from lsif.errors import LsifError
from lsif.interests.catalogue import delivered_products, judged_products

COLUMNS = {"item_id": "id", "title": "name", "category": "kind", "text": ["name", "words"], "available": "sold"}
ROWS: list[dict[str, Any]] = [
    {"id": "7", "name": "Tea", "kind": "drinks", "words": "hot, green", "sold": "true"},
    {"id": "007", "name": 'Say "hi"', "kind": None, "words": None, "sold": "No"},
    {"id": "7", "name": "Other tea", "kind": "drinks", "words": "", "sold": "true"},
    {"id": " ", "name": "Nameless", "kind": "drinks", "words": "", "sold": "true"},
    {"id": "9", "name": "n" * 31, "kind": "drinks", "words": "", "sold": "true"},
]


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
def test_products_become_items(tmp_path: Path, kind: str) -> None:
    rows = delivered_products(catalogue(kind), write(tmp_path, kind))
    items, rejects, repeated = judged_products(rows, catalogue(kind), Rules(max_text=30))
    assert items.to_pylist() == [
        {
            "item_id": "007",
            "title": 'Say "hi"',
            "category": None,
            "brand": None,
            "text": 'Say "hi"',
            "available": False,
        },
        {
            "item_id": "7",
            "title": "Tea",
            "category": "drinks",
            "brand": None,
            "text": "Tea hot, green",
            "available": True,
        },
    ]
    assert [(row["rule"], row["source"], json.loads(row["raw"])["name"]) for row in rejects.to_pylist()] == [
        ("missing_id", "catalogue", "Nameless"),
        ("long_text", "catalogue", "n" * 31),
    ]
    assert repeated == 1
    assert len(rows) == len(items) + len(rejects) + repeated


def test_numbers_as_ids_become_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pq.write_table(pa.table({"id": pa.array([7, 8], pa.int64())}), path)
    rows = delivered_products(catalogue("parquet", {"item_id": "id"}), str(path))
    assert judged_products(rows, catalogue("parquet", {"item_id": "id"}), Rules())[0]["item_id"].to_pylist() == [
        "7",
        "8",
    ]


def test_a_renamed_column_stops_it(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,Name,kind,words,sold\n")
    with pytest.raises(LsifError, match="no column name; it has id, Name"):
        delivered_products(catalogue("csv"), str(path))
