"""Cells that engines would read otherwise, through all three doors: the value is lost and counted, or the row is."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from lsif.bounds import Rules
from lsif.errors import LsifError
from lsif.interests.catalogue import judged_products
from lsif.interests.listed import Listed
from lsif.interests.users import judged_users
from lsif.sources import Catalogue, Users
from tests.intake.test_cases import COLUMNS, DS, HEADER, lay, read

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VALUED = {**COLUMNS, "value": "value"}


def catalogue(spark: "SparkSession", path: Path, kind: str, **said: Any) -> Listed:
    columns = {"item_id": "id", "title": "title", "category": "kind", "text": ["title"]}
    listed = Catalogue.model_validate({"path": str(path), "format": kind, "columns": columns} | said)
    return judged_products(spark, listed, str(path), Rules())


def users(spark: "SparkSession", path: Path, kind: str, **said: Any) -> Listed:
    columns = {"user_id": "id", "attributes": ["title", "kind"]}
    listed = Users.model_validate({"path": str(path), "format": kind, "columns": columns} | said)
    return judged_users(spark, listed, str(path), Rules(max_text=100))


def attributes(found: Listed) -> list[dict[str, str]]:
    return [{one["name"]: one["value"] for one in row} for row in found.rows["attributes"].to_pylist()]


def rules(found: Listed) -> Counter[str]:
    return Counter(found.rejects["rule"].to_pylist())


def test_what_python_writes_for_nothing_costs_no_row(spark: "SparkSession", tmp_path: Path) -> None:
    nan, inf = float("nan"), float("inf")
    rows = [{"id": n, "user": "ann", "item": "tea", "time": DS, "value": v, "x": nan} for n, v in enumerate([nan, inf])]
    path = lay(tmp_path / "day.jsonl", "\n".join(map(json.dumps, [*rows, {**rows[0], "id": 2, "user": inf}])))
    found = read(spark, path, "jsonl", columns=VALUED)
    assert [(row["readable"], row["value"], list(row["lost"]), row["bad_id"]) for row in found] == [
        (True, None, [], False), (True, None, ["value"], False), (True, None, [], True),
    ]  # fmt: skip
    listed = [{"id": 1, "title": nan, "kind": "c"}, {"id": nan, "title": "t", "kind": nan}]
    path = lay(tmp_path / "listed.jsonl", "\n".join(map(json.dumps, listed)))
    for door in (catalogue, users):
        found_here = door(spark, path, "jsonl")
        assert (found_here.rows_in, len(found_here.rows), rules(found_here)) == (2, 1, {"missing_id": 1})
    assert attributes(found_here) == [{"kind": "c"}]


def test_bytes_that_are_no_text_are_no_id_and_no_title(spark: "SparkSession", tmp_path: Path) -> None:
    raw = pa.array([b"\xff\xfe\x81", b"tea", None], pa.binary())
    text = [str(n) for n in range(3)]
    pq.write_table(pa.table({"id": text, "user": raw, "item": text, "time": [DS] * 3}), tmp_path / "day.parquet")
    found = read(spark, tmp_path / "day.parquet", "parquet")
    assert [(row["user_id"], row["bad_id"]) for row in found][1:] == [("tea", False), (None, False)]
    assert found[0]["bad_id"]
    ids, titles = pa.table({"id": raw, "title": text, "kind": text}), pa.table({"id": text, "title": raw, "kind": text})
    pq.write_table(ids, tmp_path / "ids.parquet")
    pq.write_table(titles, tmp_path / "titles.parquet")
    for door in (catalogue, users):
        assert rules(door(spark, tmp_path / "ids.parquet", "parquet")) == {"bad_id": 1, "missing_id": 1}
    listed = catalogue(spark, tmp_path / "titles.parquet", "parquet")
    assert (listed.rows["title"].to_pylist(), listed.lost) == ([None, "tea", None], {"title": 1, "text": 1})
    known = users(spark, tmp_path / "titles.parquet", "parquet")
    assert attributes(known) == [{"kind": "0"}, {"title": "tea", "kind": "1"}, {"kind": "2"}]
    assert known.lost == {"attributes": 1}


def test_a_number_is_what_a_person_would_read(spark: "SparkSession", tmp_path: Path) -> None:
    prices = ["12D", "3f", "0x1p3", "1e400", "+5", ".5", "5."]
    lines = [f"{HEADER},value", *(f"{n},ann,tea,{DS},{price}" for n, price in enumerate(prices))]
    found = read(spark, lay(tmp_path / "day.csv", "\n".join(lines)), columns=VALUED)
    assert [row["value"] for row in found] == [None] * 4 + [5.0, 0.5, 5.0]
    assert [list(row["lost"]) for row in found] == [["value"]] * 4 + [[]] * 3


def test_signs_of_thousands_are_of_texts(spark: "SparkSession", tmp_path: Path) -> None:
    prices: list[Any] = [1.299, 12.5, 1500, "1.299", "12,5", "12.5"]
    rows = [{"id": n, "user": "ann", "item": "tea", "time": DS, "value": price} for n, price in enumerate(prices)]
    path = lay(tmp_path / "day.jsonl", "\n".join(map(json.dumps, rows)))
    found = read(spark, path, "jsonl", columns=VALUED, decimal=",", thousands=".")
    assert [row["value"] for row in found] == [1.299, 12.5, 1500.0, 1299.0, 12.5, None]
    table = pa.table({"id": ["1", "2"], "user": ["a"] * 2, "item": ["b"] * 2, "time": [DS] * 2, "value": [1.299, 1e10]})
    pq.write_table(table, tmp_path / "day.parquet")
    found = read(spark, tmp_path / "day.parquet", "parquet", columns=VALUED, decimal=",", thousands=".")
    assert [row["value"] for row in found] == [1.299, 1e10]


def test_spaces_alone_are_no_id_and_a_row_of_tabs_is_a_row(spark: "SparkSession", tmp_path: Path) -> None:
    lines = [f"1,\u00a0,tea,{DS}", f"2, \u3000 ,tea,{DS}", f"3,  ,tea,{DS}", f"4,a\u00a0b,tea,{DS}"]
    found = read(spark, lay(tmp_path / "day.csv", "\n".join([HEADER, *lines])))
    assert [(row["user_id"], row["bad_id"]) for row in found][2:] == [(None, False), ("a\u00a0b", False)]
    assert [row["bad_id"] for row in found][:2] == [True, True]
    tabs = "\n".join(["id\tuser\titem\ttime", f"1\tann\ttea\t{DS}", "\t\t\t", "  "])
    for encoding in ("utf-8", "latin-1"):
        path = lay(tmp_path / f"{encoding}.tsv", tabs, encoding)
        assert len(read(spark, path, delimiter="\t", encoding=encoding)) == 2


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_yes_and_no_are_numbers_where_some_are_absent(spark: "SparkSession", tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"listed.{kind}"
    table = pa.table({"id": ["1", "2", "3", "4"], "title": [1.0, 0.0, None, 0.5], "kind": ["a"] * 4})
    pacsv.write_csv(table, path) if kind == "csv" else pq.write_table(table, path)
    for door, flag, rest in ((catalogue, "available", True), (users, "opt_out", False)):
        key = "item_id" if door is catalogue else "user_id"
        found = door(spark, path, kind, columns={key: "id", flag: "title"})
        assert found.rows[flag].to_pylist() == [True, False, rest, True]
        assert found.lost == {flag: 1}


def test_long_attributes_are_cut_and_counted(spark: "SparkSession", tmp_path: Path) -> None:
    found = users(spark, lay(tmp_path / "users.csv", f"id,title,kind\n1,{'x' * 200},k\n2,,k\n"), "csv")
    assert attributes(found) == [{"title": "x" * 100, "kind": "k"}, {"kind": "k"}]
    assert found.lost == {"attributes": 1}


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("explode(split(item, ';'))", "makes more or fewer rows"),
        ("max(item)", "makes more or fewer rows"),
        ("first(item) over (order by id)", "makes more or fewer rows"),
        ("uuid()", "makes another value each time"),
    ],
)
def test_an_expression_makes_one_value_of_a_row(
    spark: "SparkSession", tmp_path: Path, expression: str, told: str
) -> None:
    path = lay(tmp_path / "day.csv", f"{HEADER}\n1,ann,tea;milk,{DS}\n2,bob,,{DS}\n")
    columns = {name: theirs for name, theirs in COLUMNS.items() if name != "item_id"}
    with pytest.raises(LsifError, match=rf"sources.shop.expressions.item_id: .*{told}") as error:
        read(spark, path, columns=columns, expressions={"item_id": expression})
    assert "\n" not in str(error.value)
    assert len(read(spark, path, columns=columns, expressions={"item_id": "split(item, ';')[0]"})) == 2


def test_an_expression_may_look_into_a_map(spark: "SparkSession", tmp_path: Path) -> None:
    said = pa.array([[("sku", "tea")], None], pa.map_(pa.string(), pa.string()))
    table = pa.table({"id": ["1", "2"], "user": ["a"] * 2, "said": said, "time": [DS] * 2})
    pq.write_table(table, tmp_path / "day.parquet")
    columns = {"event_id": "id", "user_id": "user", "event_time": "time"}
    found = read(spark, tmp_path / "day.parquet", "parquet", columns=columns, expressions={"item_id": "said['sku']"})
    assert [row["item_id"] for row in found] == ["tea", None]
