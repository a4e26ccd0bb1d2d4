"""The first rows of a file that nobody has described yet, and how they have to be read."""

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import charset_normalizer
import duckdb
import pyarrow.parquet as pq

from lsif.errors import LsifError
from lsif.intake.places import filesystem_of
from lsif.intake.streams import check_text, unpacked
from lsif.intake.unfolding import ELEMENT

ROWS = 20_000
HEAD = 2**22
"""Bytes of a text file that are looked at."""
NUMBER = re.compile(r"[+-]?[\d.,]+")


@dataclass
class Sample:
    """Rows of one file.

    Attributes:
        said: the settings that read it.
        columns: path of a column = its values as text, None where there is none.
    """

    path: str
    said: dict[str, Any]
    columns: dict[str, list[str | None]] = field(default_factory=dict)


def sampled(path: str) -> Sample:
    """The first rows of a CSV, JSON or Parquet file.

    Raises:
        LsifError: it is nothing of that.
    """
    with unpacked(path) as stream:
        head = stream.read(HEAD)
    if head.startswith(b"PAR1"):
        return _parquet(path)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        check_text(path, "utf-8")
        encoding = _encoding(head)
    said: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    if len(head) == HEAD:
        text = text[: text.rfind("\n") + 1]
    begins = text.lstrip()[:1]
    if begins in ("{", "["):
        return _json(path, text, said)
    return _csv(path, text, said)


def _encoding(head: bytes) -> str:
    try:
        head[: -4 if len(head) == HEAD else None].decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(head[:200_000]).best()
        runs = re.findall(rb"[\x80-\xff]+", head)
        # Letters with accents stand alone; signs of two bytes never do.
        alone = sum(len(run) == 1 for run in runs) * 2 > len(runs)
        return "cp1252" if alone or best is None else best.encoding


def _csv(path: str, text: str, said: dict[str, Any]) -> Sample:
    delimiter, quote, escape = _divided(path, text)
    rows = list(
        islice(
            csv.reader(
                io.StringIO(text, newline=""),
                delimiter=delimiter,
                quotechar=quote,
                escapechar=None if escape in ("", quote) else escape,
            ),
            ROWS,
        )
    )
    rows = [row for row in rows if row]
    if not rows or len(rows[0]) < 2:
        raise LsifError(f"{path} has no columns that can be told apart: say delimiter by hand")
    has_header = _is_header(rows[0])
    names = rows[0] if has_header else [f"column{place}" for place in range(len(rows[0]))]
    body = [row for row in rows[has_header:] if len(row) == len(names)]
    how: dict[str, Any] = {"format": "csv", **said}
    how |= {"delimiter": delimiter} if delimiter != "," else {}
    how |= {} if has_header else {"header": False, "names": names}
    how |= {"quote": quote} if quote != '"' else {}
    how |= {"escape": escape} if escape not in ("", quote) else {}
    how |= {"multiline": True} if any("\n" in cell for row in body for cell in row) else {}
    return Sample(path, how, {name: [row[place] or None for row in body] for place, name in enumerate(names)})


def _divided(path: str, text: str) -> tuple[str, str, str]:
    """Delimiter, quote and escape, as DuckDB finds them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.csv"
        file.write_text(text, encoding="utf-8")
        try:
            found = duckdb.execute("SELECT Delimiter, Quote, Escape FROM sniff_csv(?)", [str(file)]).fetchone()
        except duckdb.Error as error:
            raise LsifError(f"{path} is no CSV that can be told: say delimiter, quote and header by hand") from error
    assert found is not None
    delimiter, quote, escape = ("" if sign == "(empty)" else sign for sign in found)
    return delimiter, quote or '"', escape or quote or '"'


def _is_header(cells: list[str]) -> bool:
    """Names are there, differ, and are no numbers or times."""
    return len(set(cells)) == len(cells) and all(
        cell.strip() and not NUMBER.fullmatch(cell) and not re.match(r"\d{2,4}[-/.]\d", cell) for cell in cells
    )


def _json(path: str, text: str, said: dict[str, Any]) -> Sample:
    is_array = text.lstrip().startswith("[")
    texts: Iterable[str] = _elements(text.lstrip()[1:]) if is_array else text.splitlines()
    rows = [row for row in map(_object, islice(texts, ROWS)) if row is not None]
    if not rows:
        raise LsifError(f"{path} begins like JSON, but holds no object a line, and no list of objects")
    return Sample(path, {"format": "json", **({"json": "array"} if is_array else {}), **said}, _flat(rows))


def _elements(text: str) -> Iterator[str]:
    decoder, place = json.JSONDecoder(), 0
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        try:
            _, end = decoder.raw_decode(text, place)
        except ValueError:
            return
        yield text[place:end]
        place = end


def _object(text: str) -> dict[str, Any] | None:
    try:
        row = json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _parquet(path: str) -> Sample:
    filesystem, inside = filesystem_of(path)
    with pq.ParquetFile(inside, filesystem=filesystem) as opened:
        batches = opened.iter_batches(batch_size=ROWS)
        rows = next(batches, None)
    return Sample(path, {"format": "parquet"}, _flat(rows.to_pylist() if rows is not None else []))


def _flat(rows: list[dict[str, Any]]) -> dict[str, list[str | None]]:
    """Rows of paths instead of nested ones; of a list of objects every element is looked at."""
    flat = [dict(_paths(row)) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    return {name: [row.get(name) for row in flat] for name in names}


def _paths(row: dict[str, Any], above: str = "") -> Iterator[tuple[str, str | None]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{above}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _paths(value[0], f"{above}{name}{ELEMENT}.")
        else:
            yield f"{above}{name}", None if value is None else str(value)
