"""Rows of files that Spark's own readers do not cut right, made where Spark runs: JSON, and text in other clothes.

JSON is read here since ids must keep their spelling and the kind they were written as: engines make text of an object
and a question mark of half a character, and round a number of twenty digits.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow as pa

from lsif.intake.records import BROKEN, csv_texts, json_texts, text_of
from lsif.intake.unfolding import deepest, field, last_of, lists_of, unfolded
from lsif.sources import Delivered

ROWS = 4096
"""Of one batch to Spark."""
LONGEST = 60
"""Digits that a number may have before its point when it is written with an exponent."""
Row = tuple[Any, ...]
Unpack = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]

PLACED = [("file", pa.string()), ("day", pa.string()), ("place", pa.int64()), ("line", pa.int64())]
CSV = pa.schema([*PLACED, ("value", pa.string())])


class Number(str):
    """A number as it was written."""


def csv_lines(given: Delivered, most: int | None = None) -> Unpack:
    """From batches of `file`, `day` and `header` to those of the files' rows (`CSV`), blank ones and headers left out;
    a row that is no text in the encoding holds `BROKEN`."""

    def rows(file: str, day: str | None, header: str) -> Iterator[Row]:
        with text_of(file, given.encoding) as lines:
            for place, (line, text) in enumerate(csv_texts(iter(lines), given)):
                if text.strip(" ") and not (header and text == header):
                    yield file, day, place, line, text

    return _unpacking(rows, CSV, most)


def json_schema(names: Sequence[str]) -> pa.Schema:
    row = pa.struct([(name, pa.string()) for name in names])
    return pa.schema(
        [
            *PLACED,
            ("row", row),
            ("raw", pa.string()),
            ("readable", pa.bool_()),
            ("first", pa.bool_()),
            ("part", pa.string()),
            ("odd", pa.list_(pa.string())),
        ]
    )


def json_rows(given: Delivered, names: Sequence[str], most: int | None = None) -> Unpack:
    """From batches of `file`, `day` and `header` to those of the files' rows, with what stands at the paths `names`
    as text.

    `raw` is the row's text; `first` is true for the first of the rows that one was unfolded to, and `part` says which
    it is; `odd` says what some of `names` hold that an id may not, as `odd_as`.
    """
    lists = deepest(names)

    def rows(file: str, day: str | None, _: str) -> Iterator[Row]:
        with text_of(file, given.encoding) as lines:
            place = 0
            for line, text in json_texts(lines, given):
                for parsed in _parsed(text, names, lists):
                    yield file, day, place, line, *parsed
                    place += 1

    return _unpacking(rows, json_schema(names), most)


def _unpacking(rows: Callable[[str, str | None, str], Iterator[Row]], schema: pa.Schema, most: int | None) -> Unpack:
    def unpack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for one in batch.to_pylist():
                found = islice(rows(one["file"], one["day"], one["header"]), most)
                while several := list(islice(found, ROWS)):
                    columns = zip(*several, strict=True)
                    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return unpack


def _parsed(text: str, names: Sequence[str], lists: tuple[str, ...]) -> Iterator[Row]:
    raw = text.replace(BROKEN, "\ufffd")
    row = None if raw != text else _object(text)
    if row is None:
        yield None, raw, False, True, "", []
        return
    for elements, places in unfolded(row, lists):
        odd: list[str] = []
        cells = {name: _cell(field(elements[len(lists_of(name))], last_of(name)), name, odd) for name in names}
        yield cells, raw, True, not any(places), ":".join(map(str, places)), odd


def _object(text: str) -> dict[str, Any] | None:
    try:
        row = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_constant)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _constant(text: str) -> Number | None:
    """What JSON does not know, and Python writes: NaN where there is nothing."""
    return None if text == "NaN" else Number(text)


def odd_as(kind: str, name: str) -> str:
    """How `odd` says that a column holds an `object`, a `list` of words, a `flag`, a `fraction` or `half` a letter."""
    return f"{kind} {name}"


def _cell(value: Any, name: str, odd: list[str]) -> str | None:
    """A value as text; what it is joins `odd` where it is neither text nor a whole number."""
    if value is None:
        return None
    if isinstance(value, Number):
        digits = _digits(value)
        if digits is None:
            odd.append(odd_as("fraction", name))
        return digits or str(value)
    if isinstance(value, str):
        return _clean(value, name, odd)
    if isinstance(value, bool):
        odd.append(odd_as("flag", name))
        return "true" if value else "false"
    is_words = isinstance(value, list) and all(isinstance(one, str) for one in value)
    odd.append(odd_as("list" if is_words else "object", name))
    if is_words:
        return _clean(" ".join(value), name, odd)
    return _clean(json.dumps(value, ensure_ascii=False), name, odd)


def _clean(text: str, name: str, odd: list[str]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        odd.append(odd_as("half", name))
        return text.encode("utf-8", "replace").decode()
    return text


def _digits(number: str) -> str | None:
    """The digits of a whole number, however it is written: `7.0` and `7e0` are 7. None for a fraction or Infinity."""
    if re.fullmatch(r"-?\d+", number):
        return str(number)
    exact = Decimal(number)
    if not exact.is_finite() or exact.adjusted() > LONGEST or exact != exact.to_integral_value():
        return None
    return format(exact.to_integral_value(), "f")
