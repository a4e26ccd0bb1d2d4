"""Deliveries that people really have: read as their users expect, or refused in one line that says what to set."""

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.errors import LsifError
from lsif.interests.delivery import delivery
from lsif.sources import Source

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DS = "2024-03-02"
TEN = datetime(2024, 3, 2, 10, tzinfo=UTC)
COLUMNS = {"event_id": "id", "user_id": "user", "item_id": "item", "event_time": "time"}
HEADER = "id,user,item,time"
LINE = f"1,ann,tea,{DS}T10:00:00Z"


def source(kind: str = "csv", **said: Any) -> Source:
    given = {"path": f"{{ds}}.{kind}", "format": kind, "event_type": "purchase", "columns": COLUMNS, **said}
    return Source.model_validate(given)


def read(spark: "SparkSession", path: Path, kind: str = "csv", **said: Any) -> list[dict[str, Any]]:
    found = delivery(spark, "shop", source(kind, **said), {str(path): DS}).toArrow().to_pylist()
    return sorted(found, key=lambda row: (row["event_id"] or "", row["raw"]))


def ids(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["event_id"], row["user_id"], row["item_id"]) for row in rows]


def lay(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def lay_rows(path: Path, kind: str, rows: list[dict[str, Any]], line: Callable[[dict[str, Any]], str]) -> Path:
    """Rows as a file of a kind; `line` writes one as CSV."""
    if kind == "csv":
        return lay(path, "\n".join([HEADER, *map(line, rows)]))
    if kind == "jsonl":
        return lay(path, "\n".join(map(json.dumps, rows)))
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


ISO = [
    f"{DS} 10:00:00+00", f"{DS} 12:00:00+02", f"{DS} 15:30:00+05:30", f"{DS} 10:00:00.000000+00", f"{DS}T10:00:00,000Z",
    f"{DS}t10:00:00z", f"{DS}T10:00:00.000+0000", f"{DS} 10:00:00 UTC", f"{DS} 10:00:00.000000 UTC",
    f"{DS}T10:00:00 GMT", f"{DS} 10:00:00 +0000", f"{DS}T18:00:00.000000000+08:00", "20240302T100000Z",
    "20240302T1000Z", "20240302T120000+0200", "1709373600000000000", "1709373600000000", "1709373600000", "1709373600",
    f"{DS}T10Z", f"{DS} 10:00", "20240302T100000", "1.7093736E9",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_one_moment_in_every_spelling(spark: "SparkSession", tmp_path: Path, kind: str) -> None:
    rows = [{"id": str(n), "user": "ann", "item": "tea", "time": text} for n, text in enumerate(ISO)]
    path = lay_rows(tmp_path / f"day.{kind}", kind, rows, lambda r: f'{r["id"]},ann,tea,"{r["time"]}"')
    found = {ISO[int(row["event_id"])]: row["event_time"] for row in read(spark, path, kind)}
    assert found == dict.fromkeys(ISO, TEN)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"time_format": "%d/%m/%Y %H:%M"}, "02/03/2024 10:00"),
        ({"time_format": "%d/%m/%Y %H:%M"}, "2/3/2024 10:00"),
        ({"time_format": ["%Y-%m-%d", "%d.%m.%y %H:%M:%S.%f"]}, "02.03.24 10:00:00.000"),
        ({"time_format": "%Y%m%d%H%M%S"}, "20240302100000"),
        ({"time_format": "%b %d, %Y %I:%M %p"}, "Mar 2, 2024 10:00 AM"),
        ({"time_format": "%d/%m/%Y %H:%M:%S %z"}, "02/03/2024 11:00:00 +0100"),
        ({"time_format": "%d/%m/%Y %H:%M", "time_zone": "Europe/Paris"}, "02/03/2024 11:00"),
        ({"time_unit": "ms"}, "1709373600000"),
    ],
)
def test_a_time_as_the_source_says_it_writes_it(
    spark: "SparkSession", tmp_path: Path, said: dict[str, Any], text: str
) -> None:
    path = lay(tmp_path / "day.csv", f'{HEADER}\n1,ann,tea,"{text}"\n2,ann,tea,soon\n')
    assert [row["event_time"] for row in read(spark, path, **said)] == [TEN, None]


def test_small_numbers_are_times_where_the_unit_is_said(spark: "SparkSession", tmp_path: Path) -> None:
    path = lay(tmp_path / "day.csv", f"{HEADER}\n1,ann,tea,0\n2,ann,tea,86400.5\n3,ann,tea,-1\n")
    found = [row["event_time"].isoformat() for row in read(spark, path, time_unit="s")]
    assert found == ["1970-01-01T00:00:00+00:00", "1970-01-02T00:00:00.500000+00:00", "1969-12-31T23:59:59+00:00"]


def test_a_folder_with_subfolders_links_and_hours(spark: "SparkSession", tmp_path: Path) -> None:
    day = tmp_path / "day"
    lay(day / "part-0.csv", f"{HEADER}\n{LINE}\n")
    lay(day / "hour=23" / "part-1.csv", f"{HEADER}\n{LINE.replace('1,', '2,', 1)}\n")
    (day / "linked").symlink_to(
        lay(tmp_path / "elsewhere" / "p.csv", f"{HEADER}\n{LINE.replace('1,', '3,', 1)}\n").parent
    )
    assert [row["event_id"] for row in read(spark, day)] == ["1", "2", "3"]
    (day / "broken.csv").symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(LsifError, match=rf"{day}/broken.csv is a link that leads nowhere"):
        read(spark, day)
    (day / "broken.csv").unlink()
    (day / "round").symlink_to(day)
    with pytest.raises(LsifError, match=r"is a link to a folder that it lies in"):
        read(spark, day)


def test_patterns_take_what_they_fit_and_other_signs_are_signs(spark: "SparkSession", tmp_path: Path) -> None:
    for number, name in enumerate(["eu/day 00.csv", "us/day 01.csv", "us/day x1.csv", "us/other.csv"]):
        lay(tmp_path / "[1]{x}" / name, f"{HEADER}\n{number},ann,tea,{DS}\n")
    assert [row["event_id"] for row in read(spark, tmp_path / "[1]{x}" / "*" / "day {hh}.csv")] == ["0", "1"]
    assert [row["event_id"] for row in read(spark, tmp_path / "[1]{x}" / "us" / "day ?1.csv")] == ["1", "2"]
    with pytest.raises(LsifError, match="nothing was delivered"):
        read(spark, tmp_path / "[1]{x}" / "*" / "night.csv")


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_fields_in_fields(spark: "SparkSession", tmp_path: Path, kind: str) -> None:
    rows = [
        {"id": n, "user": {"id": "ann", "name": "Ann"}, "item": {"id": "tea"}, "ts": f"{DS}T10:00:00Z"}
        for n in range(3)
    ]
    path = tmp_path / f"day.{kind}"
    if kind == "jsonl":
        lay(path, "\n".join(map(json.dumps, rows)))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    columns = {"event_id": "id", "user_id": "user.id", "item_id": "item.id", "event_time": "ts"}
    assert ids(read(spark, path, kind, columns=columns)) == [(str(n), "ann", "tea") for n in range(3)]
    with pytest.raises(LsifError, match=r"has no column user.key; it has id, user, item, ts"):
        read(spark, path, kind, columns={**columns, "user_id": "user.key"})


ORDERS = [
    {
        "id": "o1",
        "user": "ann",
        "at": f"{DS}T10:00:00Z",
        "lines": [{"sku": "tea", "price": 2.5}, {"sku": 7, "price": 1}],
    },
    {"id": "o2", "user": "bob", "at": f"{DS}T11:00:00Z", "lines": []},
    {"id": "o3", "user": "cy", "at": f"{DS}T12:00:00Z", "lines": [{"sku": "bun", "price": 3}]},
]


@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet"])
def test_an_order_becomes_as_many_events_as_it_has_lines(spark: "SparkSession", tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"day.{kind}"
    said: dict[str, Any] = {"json": "array"} if kind == "json" else {}
    if kind == "parquet":
        text = [{**o, "lines": [{**line, "sku": str(line["sku"])} for line in o["lines"]]} for o in ORDERS]  # type: ignore[dict-item, attr-defined]
        pq.write_table(pa.Table.from_pylist(text), path)
    else:
        lay(path, json.dumps(ORDERS, indent=1) if said else "\n".join(map(json.dumps, ORDERS)))
    columns = {
        "event_id": "id",
        "user_id": "user",
        "item_id": "lines[].sku",
        "value": "lines[].price",
        "event_time": "at",
    }
    found = read(spark, path, kind, columns=columns, **said)
    assert [(*one, row["value"]) for one, row in zip(ids(found), found, strict=True)] == [
        ("o1:0", "ann", "tea", 2.5), ("o1:1", "ann", "7", 1.0), ("o2:0", "bob", None, None), ("o3:0", "cy", "bun", 3.0),
    ]  # fmt: skip
    assert [row["first"] for row in found] == [True, False, True, True]


def test_two_lists_side_by_side_are_refused() -> None:
    columns = {"user_id": "user", "item_id": "lines[].sku", "value": "taxes[].amount", "event_time": "at"}
    with pytest.raises(ValueError, match="are two lists"):
        source("jsonl", columns=columns)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"delimiter": ";"}, f"id;user;item;time\n1;ann;tea;{DS}T10:00:00Z"),
        ({"delimiter": "\t"}, f"id\tuser\titem\ttime\n1\tann\ttea\t{DS}T10:00:00Z"),
        ({"delimiter": "::"}, f"id::user::item::time\n1::ann::tea::{DS}T10:00:00Z"),
        ({"header": False, "names": ["id", "user", "item", "time"]}, LINE),
        ({"quote": "'"}, f"id,user,item,time\n1,'ann',tea,{DS}T10:00:00Z"),
        ({"quote": "", "delimiter": "|"}, f"id|user|item|time\n1|ann|tea|{DS}T10:00:00Z"),
        ({}, f"\ufeff{HEADER},note,note,,\r\n{LINE},a,b,,\r\n\r\n{HEADER},note,note,,\r\n"),
    ],
)
def test_columns_as_they_are_divided(spark: "SparkSession", tmp_path: Path, said: dict[str, Any], text: str) -> None:
    assert ids(read(spark, lay(tmp_path / "day.csv", text), **said)) == [("1", "ann", "tea")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"id;user;item;time\n1;ann;tea;{DS}", 'set delimiter = ";"'),
        (f"id\tuser\titem\ttime\n1\tann\ttea\t{DS}", 'set delimiter = "\\t"'),
        (f"{LINE}\n", "set header = false and names"),
    ],
)
def test_a_header_that_does_not_fit_says_what_to_set(
    spark: "SparkSession", tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(LsifError) as error:
        read(spark, lay(tmp_path / "day.csv", text))
    assert said in str(error.value) and "has no column" in str(error.value)


def test_quotes_over_lines_and_backslashes(spark: "SparkSession", tmp_path: Path) -> None:
    lines = [f'1,"ann","green\ntea",{DS}', f'2,"bo""b",tea,{DS}', f'3,"never ends,tea,{DS}', f"4,cy,tea,{DS}"]
    found = read(spark, lay(tmp_path / "day.csv", "\n".join([HEADER, *lines])), multiline=True)
    assert ids([row for row in found if row["readable"]]) == [
        ("1", "ann", "green\ntea"), ("2", 'bo"b', "tea"), ("4", "cy", "tea"),
    ]  # fmt: skip
    assert [row["raw"] for row in found if not row["readable"]] == [lines[2]]
    path = lay(tmp_path / "escaped.csv", f'{HEADER}\n1,"a\\"n,n",tea,{DS}\n')
    assert ids(read(spark, path, escape="\\")) == [("1", 'a"n,n', "tea")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "gb18030", "shift_jis"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_any_encoding(spark: "SparkSession", tmp_path: Path, encoding: str, kind: str) -> None:
    word = "茶" if encoding in ("gb18030", "shift_jis") else "crème"
    row = {"id": "1", "user": "Zoe", "item": word, "time": DS}
    text = f"{HEADER}\n1,Zoe,{word},{DS}\n" if kind == "csv" else json.dumps(row, ensure_ascii=False)
    assert ids(read(spark, lay(tmp_path / f"day.{kind}", text, encoding), kind, encoding=encoding)) == [
        ("1", "Zoe", word)
    ]


def test_bytes_that_are_no_text_cost_their_row_and_wide_text_says_what_to_set(
    spark: "SparkSession", tmp_path: Path
) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(f"{HEADER}\n{LINE}\n".encode() + f"2,Zoé,tea,{DS}\n".encode("latin-1"))
    for said in ({}, {"multiline": True}):
        good, bad = read(spark, path, **said)
        assert (good["readable"], bad["readable"], "Zo\ufffd" in bad["raw"]) == (True, False, True)
    path.write_bytes(f"{HEADER}\n{LINE}\n".encode("utf-16"))
    with pytest.raises(LsifError, match=r'is text in UTF-16: set encoding = "utf-16"'):
        read(spark, path)


@pytest.mark.parametrize(
    ("name", "packed"), [("day.csv", gzip.compress), ("day.gz", bz2.compress), ("day.csv", lzma.compress)]
)
def test_files_are_unpacked_by_what_they_are(spark: "SparkSession", tmp_path: Path, name: str, packed: Any) -> None:
    (tmp_path / name).write_bytes(packed(f"{HEADER}\n{LINE}\n".encode()))
    assert ids(read(spark, tmp_path / name)) == [("1", "ann", "tea")]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_words_for_nothing(spark: "SparkSession", tmp_path: Path, kind: str) -> None:
    words = [None, "", " ", "NULL", "\\N", "n/a", "tea"]
    rows = [{"id": str(n), "user": "ann", "item": word, "time": DS} for n, word in enumerate(words)]
    path = lay_rows(tmp_path / f"day.{kind}", kind, rows, lambda r: f"{r['id']},ann,{r['item'] or ''},{DS}")
    assert [row["item_id"] for row in read(spark, path, kind)] == [None] * 5 + ["n/a", "tea"]
    assert [row["item_id"] for row in read(spark, path, kind, null_values="n/a")] == [None] * 3 + [
        "NULL",
        "\\N",
        None,
        "tea",
    ]


def test_amounts_as_europe_writes_them_and_refunds(spark: "SparkSession", tmp_path: Path) -> None:
    prices = ["1.299,00", "12,50", "€ 9.90", "-12.50", "12.50", "1e2", "nan"]
    text = "\n".join([f"{HEADER},price", *(f'{n},ann,tea,{DS},"{price}"' for n, price in enumerate(prices))])
    path, columns = lay(tmp_path / "day.csv", text), {**COLUMNS, "value": "price"}
    plain = read(spark, path, columns=columns)
    assert [row["value"] for row in plain] == [None, None, None, None, 12.5, 100.0, None]
    assert [list(row["lost"]) for row in plain] == [["value"]] * 4 + [[], [], ["value"]]
    european = read(spark, path, columns=columns, decimal=",", thousands=".")
    assert [row["value"] for row in european] == [1299.0, 12.5, None, None, None, 100.0, None], "12.50 is no 1250"
    refunded = read(spark, path, columns=columns, refunds="refund")[3]
    assert (refunded["event_type"], refunded["value"], list(refunded["lost"])) == ("refund", -12.5, [])
    assert [row["refund"] for row in read(spark, path, columns=columns, refunds="quarantine")].index(True) == 3


STRANGE = {
    '"A2"': ("A2", False), "1001": ("1001", False), "1001.0": ("1001", False), "1e3": ("1000", False),
    "9" * 40: ("9" * 40, False), '"2024-03-01"': ("2024-03-01", False), '"007"': ("007", False),
    "1.5": ("1.5", True), "true": ("true", True), '{"a": 1}': ('{"a": "1"}', True), '["a", "b"]': ("a b", True),
    '"\\ud83d"': ("?", True), '"te\\u200ba"': ("te\u200ba", True), '"\\ud83d\\ude00"': ("\U0001f600", False),
}  # fmt: skip


def test_ids_of_json_keep_their_spelling_or_break_a_rule(spark: "SparkSession", tmp_path: Path) -> None:
    lines = [f'{{"id": "{n:02d}", "user": "ann", "item": {item}, "time": "{DS}"}}' for n, item in enumerate(STRANGE)]
    found = read(spark, lay(tmp_path / "day.jsonl", "\n".join(lines)), "jsonl")
    assert {item: (row["item_id"], row["bad_id"]) for item, row in zip(STRANGE, found, strict=True)} == STRANGE


@pytest.mark.parametrize(
    ("kind", "values", "wanted"),
    [
        (pa.uint64(), [2**64 - 1], [("18446744073709551615", False)]),
        (pa.decimal128(38, 2), ["7.00", "7.50"], [("7", False), ("7.50", True)]),
        (pa.dictionary(pa.int8(), pa.string()), ["007"], [("007", False)]),
        (pa.large_string(), ["a\tb"], [("a\tb", True)]),
        (pa.binary(), [b"tea"], [("tea", False)]),
        (pa.date32(), [datetime(2024, 3, 1).date()], None),
        (pa.bool_(), [True], None),
        (pa.float64(), [7.0], None),
        (pa.list_(pa.string()), [["a"]], None),
        (pa.struct([("a", pa.string())]), [{"a": "b"}], None),
        (pa.timestamp("us"), [datetime(2024, 3, 1)], None),
        (pa.decimal256(50, 0), [7], None),
    ],
)
def test_ids_of_parquet_are_of_types_that_ids_may_have(
    spark: "SparkSession", tmp_path: Path, kind: pa.DataType, values: list[Any], wanted: list[tuple[str, bool]] | None
) -> None:
    from decimal import Decimal

    cells = pa.array([Decimal(v) for v in values] if pa.types.is_decimal(kind) else values, kind)
    count = len(values)
    table = pa.table({"id": list("abc"[:count]), "user": ["ann"] * count, "item": cells, "time": [DS] * count})
    # What nobody asks for is never read, be its type one that Spark does not know.
    pq.write_table(table.append_column("clock", pa.array([1] * count, pa.time64("ns"))), tmp_path / "day.parquet")
    if wanted is None:
        with pytest.raises(LsifError, match=r"column item "):
            read(spark, tmp_path / "day.parquet", "parquet")
        return
    assert [(r["item_id"], r["bad_id"]) for r in read(spark, tmp_path / "day.parquet", "parquet")] == wanted


def test_expressions_and_constants(spark: "SparkSession", tmp_path: Path) -> None:
    path = lay(tmp_path / "day.csv", f"raw,sku,size,when\nann,tea,XL,{DS}T10:00:00Z\nbob,,L,{DS}T11:00:00Z\n")
    said: dict[str, Any] = {
        "columns": {"user_id": "raw", "event_time": "when"},
        "expressions": {"item_id": "concat(sku, '-', size)", "event_id": "sha2(`raw`, 256)"},
        "constants": {"query": "none", "event_type": "browse"},
        "event_type": None,
    }
    found = sorted(read(spark, path, **said), key=lambda row: row["user_id"])
    assert [(r["item_id"], r["query"], r["event_type"], len(r["event_id"])) for r in found] == [
        ("tea-XL", "none", "browse", 64), (None, "none", "browse", 64),
    ]  # fmt: skip
    for wrong, told in {"concat(sku": "is no Spark SQL", "concat(sku, colour)": "colour", "rand(": "is no"}.items():
        with pytest.raises(LsifError, match=told) as error:
            read(spark, path, **{**said, "expressions": {"item_id": wrong}})
        assert "\n" not in str(error.value)
    with pytest.raises(LsifError, match=r"the id column item_id is double"):
        read(spark, path, **{**said, "expressions": {"item_id": "length(sku) / 2.0D"}})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_that_came_later(spark: "SparkSession", tmp_path: Path, kind: str) -> None:
    for number, row in enumerate([{"user": "ann"}, {"user": "bob", "value": "2.5"}]):
        whole = {"id": str(number), "item": "tea", "time": DS, **row}
        if kind == "csv":
            lay(tmp_path / f"{number}.csv", ",".join(whole) + "\n" + ",".join(whole.values()))
        else:
            pq.write_table(pa.Table.from_pylist([whole]), tmp_path / f"{number}.parquet")
    columns = {**COLUMNS, "value": "value"}
    assert [row["value"] for row in read(spark, tmp_path, kind, columns=columns)] == [None, 2.5]
    with pytest.raises(LsifError, match="has no column item"):
        read(spark, tmp_path, kind, columns={**columns, "item_id": "items"})
    found = read(spark, tmp_path, kind, columns={**columns, "event_id": "key"}, optional=["event_id"])
    assert [row["event_id"] for row in found] == [None, None]


def test_damaged_and_foreign_files_are_one_line(spark: "SparkSession", tmp_path: Path) -> None:
    lines = "\n".join(f"{n},ann,{os.urandom(20).hex()},{DS}" for n in range(5000))
    whole = gzip.compress(f"{HEADER}\n{lines}".encode())
    good = pa.table({name: [str(n) for n in range(20000)] for name in HEADER.split(",")})
    pq.write_table(good, tmp_path / "good.parquet", compression="snappy", use_dictionary=False)
    pages = bytearray((tmp_path / "good.parquet").read_bytes())
    pages[2000:9000] = b"\xff" * 7000
    flat = f"{HEADER}\n{LINE}\n".encode()
    broken = {
        "cut.csv.gz": ("csv", whole[: len(whole) // 2], r"is cut off or damaged after row [1-9][\d,]*: "),
        "flipped.csv.gz": ("csv", whole[:-5] + b"xxxxx", "is cut off or damaged after row 4,"),
        "pages.parquet": ("parquet", bytes(pages), "is damaged after row"),
        "table.csv": ("csv", (tmp_path / "good.parquet").read_bytes(), 'is a Parquet file: set format = "parquet"'),
        "book.csv": ("csv", b"PK\x03\x04rest", "is a zip archive"),
        "text.parquet": ("parquet", flat * 10, "is not a readable parquet file"),
        "cut.json": ("json", json.dumps(ORDERS)[:-40].encode(), r"is not a readable json file: .*element 3"),
        "a:b.parquet": ("parquet", (tmp_path / "good.parquet").read_bytes(), "has a colon in its name"),
    }
    for name, (kind, content, told) in broken.items():
        (tmp_path / name).write_bytes(content)
        columns = {**COLUMNS, "item_id": "lines[].nothing"} if kind == "json" else COLUMNS
        with pytest.raises(LsifError, match=told) as error:
            read(spark, tmp_path / name, kind, columns=columns, **({"json": "array"} if kind == "json" else {}))
        assert str(tmp_path / name) in str(error.value) and "\n" not in str(error.value), name
    assert ids(read(spark, lay(tmp_path / "c:d.csv", f"{HEADER}\n{LINE}\n"))) == [("1", "ann", "tea")]
