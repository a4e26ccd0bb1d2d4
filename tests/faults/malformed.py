"""Rows and files as nobody should deliver them, in every format and for every door: events, catalogue, users."""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

DS = "2017-03-12"
Row = dict[str, Any]
COLUMNS = {
    "events": ("id", "user", "item", "type", "time", "weight", "value"),
    "catalogue": ("id", "title", "category"),
    "users": ("id", "city", "age"),
}
KEYS = {"events": ("id", "user", "item"), "catalogue": ("id",), "users": ("id",)}
FORMATS = ("csv", "json", "parquet")
STEPS = {"events": "ingest_events", "catalogue": "ingest_items", "users": "ingest_users"}


def config(door: str, kind: str) -> str:
    """Settings in which this door reads this format; the others are as plain as can be."""
    events, catalogue, users = (kind if one == door else "csv" for one in COLUMNS)
    return f"""
[event_types]
purchase = 1.0
browse = 0.5
[sources.shop]
path = "landing/events/{{ds}}"
format = "{events}"
columns = {{ event_id = "id", user_id = "user", item_id = "item", event_type = "type", event_time = "time", \
weight = "weight", value = "value" }}
[catalogue]
path = "landing/catalogue"
format = "{catalogue}"
columns = {{ item_id = "id", title = "title", category = "category", text = ["title"] }}
[users]
path = "landing/users"
format = "{users}"
columns = {{ user_id = "id" }}
[checks]
max_quarantined = 1.0
max_shrink = 1.0
min_match = 0.0
"""


def place(home: Path, door: str, kind: str) -> Path:
    return home / "landing" / door / (f"{DS}" if door == "events" else "") / f"part.{kind}"


def good(door: str, number: int) -> Row:
    if door == "catalogue":
        return {"id": f"i{number}", "title": f"Tea {number}", "category": "drinks"}
    if door == "users":
        return {"id": f"u{number}", "city": "Paris", "age": "44"}
    moment = f"{DS}T10:{number % 60:02d}:00Z"
    row = {"id": f"e{number}", "user": f"u{number % 97}", "item": f"i{number % 31}", "type": "purchase"}
    return {**row, "time": moment, "weight": "1", "value": "2.5"}


CELLS: dict[str, Any] = {
    "blank": "", "spaces": "   ", "tab": "\t", "no-break space": "\xa0", "zero width": "a\u200bb", "control": "a\x01b",
    "nul": "a\x00b", "direction": "a\u202eb", "long": "x" * 5000, "emoji": "🍵", "combining": "e\u0301",
    "line separator": "a\u2028b", "replacement": "a\ufffdb", "byte order mark": "\ufeffa", "quote": 'a"b',
    "apostrophe": "a'b", "backslash": "a\\", "formula": "=1+1", "words": "sometime",
    "no such day": "2017-02-30T10:00:00Z",
    "other epoch": "1489312800", "tomorrow": "2017-03-13T00:00:00Z", "long ago": "1917-03-12T10:00:00Z",
    "year 9999": "9999-12-31T23:59:59Z", "no zone": f"{DS} 10:00", "negative": "-1", "not a number": "NaN",
    "infinite": "Infinity", "too large": "1e999", "decimal comma": "1,5", "hexadecimal": "0x10", "null word": "NULL",
    "truth": "true", "html": "<b>x</b>",
    "path": "../../etc/passwd", "template": "{{ 7 * 7 }}", "sql": "'; DROP TABLE x",
}  # fmt: skip
"""Texts that stand where something else should: each class is tried in each column."""

JSON_CELLS: dict[str, Any] = {
    "null": None, "object": {"a": 1}, "list": [1, 2], "empty list": [], "true": True, "fraction": 1.5, "whole": 7,
    "large": 10**30, "minus nought": -0.0, "deep": [[[[[[1]]]]]],
}  # fmt: skip
"""What only JSON can say."""

LINES: dict[str, dict[str, Callable[[str], str]]] = {
    "csv": {
        "too few fields": lambda line: line.rpartition(",")[0],
        "too many fields": lambda line: f"{line},more",
        "open quote": lambda line: f'"{line}',
        "quote in the middle": lambda line: line.replace(",", ',"', 1),
        "half a line": lambda line: line[: len(line) // 2],
        "blank line": lambda line: "",
        "line of blanks": lambda line: "    ",
        "other delimiter": lambda line: line.replace(",", ";"),
        "only delimiters": lambda line: "," * line.count(","),
        "line break in quotes": lambda line: line.replace(",", ',"x\ny",', 1),
        "carriage return": lambda line: line.replace(",", ",\r", 1),
    },
    "json": {
        "half a line": lambda line: line[: len(line) // 2],
        "two on a line": lambda line: line + line,
        "a number": lambda line: "17",
        "a text": lambda line: '"x"',
        "a list": lambda line: f"[{line}]",
        "nothing": lambda line: "null",
        "empty object": lambda line: "{}",
        "key twice": lambda line: line[:-1] + ', "id": "again"}',
        "single quotes": lambda line: line.replace('"', "'"),
        "comma at the end": lambda line: line[:-1] + ",}",
        "no JSON number": lambda line: re.sub(r'"id": "[^"]*"', '"id": NaN', line),
        "lone surrogate": lambda line: line[:-1] + ', "title": "\\ud800"}',
        "comment": lambda line: f"// {line}",
        "blank line": lambda line: "",
    },
    "parquet": {},
}
"""Lines that are none."""

BYTES = {"no UTF-8": b"\xff\xfe", "half a sign": b"\xe2\x82", "latin": b"caf\xe9"}
"""Put into a line of text."""


def delivered(door: str, kind: str, count: int, texts: Sequence[str], chance: Random) -> tuple[bytes, int, set[str]]:
    """A file of good rows and malformed ones: its bytes, how many rows it holds, and the classes in it.

    Args:
        texts: to stand in cells, beside those of `CELLS`.
    """
    cells = CELLS | {f"drawn {number}": text for number, text in enumerate(texts)}
    cells |= JSON_CELLS if kind == "json" else {}
    classes = [*cells, *LINES[kind], *(BYTES if kind != "parquet" else ()), "row again", "id again"]
    made, used = [good(door, number) for number in range(10)], set[str]()
    lines = [line_of(row, kind) for row in made]
    for number in range(10, count):
        name = classes[number % len(classes)]
        used.add(name if not name.startswith("drawn") else "drawn")
        row = good(door, number)
        if name == "row again":
            row = dict(made[number % 10])
        elif name == "id again":
            row = {**row, "id": made[number % 10]["id"]}
        elif name in cells:
            row[chance.choice(COLUMNS[door])] = cells[name]
        made.append(row)
        line = line_of(row, kind)
        if name in LINES[kind]:
            line = LINES[kind][name](line.decode()).encode()
        elif name in BYTES:
            at = chance.randrange(len(line))
            line = line[:at] + BYTES[name] + line[at:]
        lines.append(line)
    if kind == "parquet":
        return parquet(door, made), len(made), used
    text = b"\n".join(([",".join(COLUMNS[door]).encode()] if kind == "csv" else []) + lines) + b"\n"
    return text, rows_in(text, kind), used


def rows_in(text: bytes, kind: str) -> int:
    """Lines that are neither blank nor the header: counted without any of our readers."""
    lines = re.split(rb"\r\n|\r|\n", text) if kind == "csv" else text.split(b"\n")
    return sum(bool(line.strip(b" ")) for line in lines) - (kind == "csv")


def line_of(row: Row, kind: str) -> bytes:
    if kind == "json":
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if kind == "parquet":
        return b""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row.values())
    return out.getvalue().encode("utf-8", "surrogatepass")


def parquet(door: str, rows: Sequence[Row], **kinds: pa.DataType) -> bytes:
    out = io.BytesIO()
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS[door]])
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), out)
    return out.getvalue()


# --- files ------------------------------------------------------------------------------------------------------------


def flipped(content: bytes, places: int) -> bytes:
    """Some bits turned, always the same."""
    changed, chance = bytearray(content), Random(1)
    for _ in range(places):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


FILES: dict[str, Callable[[bytes], bytes]] = {
    "nothing at all": lambda content: b"",
    "half of it": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-9],
    "without its beginning": lambda content: content[9:],
    "one bit turned": lambda content: flipped(content, 1),
    "many bits turned": lambda content: flipped(content, 200),
    "noise": lambda content: Random(2).randbytes(5000),
    "noughts": lambda content: bytes(5000),
    "a web page": lambda content: b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>\n",
    "an archive cut short": lambda content: gzip.compress(content)[:-20],
    "an archive with a turned bit": lambda content: flipped(gzip.compress(content), 3),
    "an empty archive": lambda content: gzip.compress(b""),
    "other columns": lambda content: content.replace(b"id", b"nr"),
    "UTF-16": lambda content: content.decode("latin-1").encode("utf-16"),
    "twice": lambda content: content + content,
}
