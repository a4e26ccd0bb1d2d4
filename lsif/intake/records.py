"""A text file cut into the texts of its rows, in any encoding: lines, rows of CSV over several lines, JSON objects."""

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from lsif.intake.streams import unpacked
from lsif.sources import Delivered

BROKEN = "\ufffe"
"""Stands for bytes that are no text in the encoding; Unicode promises that no text holds it."""
MOST_LINES = 1000
"""Of one row: a quote that never ends does not swallow a file."""
CELL_END = "\x1f"

csv.field_size_limit(2**31 - 1)  # texts are cut later, and counted
codecs.register_error("lsif", lambda error: (BROKEN, error.end))  # type: ignore[attr-defined]


@contextmanager
def text_of(path: str, encoding: str) -> Iterator[io.TextIOWrapper]:
    """A file's text, line by line with their ends as they are, without a byte order mark."""
    with unpacked(path) as stream:
        name = "utf-8-sig" if encoding == "utf-8" else encoding
        yield io.TextIOWrapper(stream, encoding=name, errors="lsif", newline="")


def cells(line: str, given: Delivered) -> list[str]:
    """The cells of one row of CSV.

    Raises:
        ValueError: its quotes are not paired.
    """
    if not given.quote or len(given.delimiter) > 1:
        return line.split(given.delimiter)
    whole = io.StringIO(line, newline="")
    reader = csv.reader(whole, delimiter=given.delimiter, quotechar=given.quote, strict=True, **_escaping(given))
    try:
        return next(reader, [])
    except csv.Error as error:
        raise ValueError(str(error)) from error


def csv_texts(lines: Iterator[str], given: Delivered) -> Iterator[tuple[int, str]]:
    """The texts of the rows of a CSV file, each with the line on which it begins, counted from 1; blank lines and
    (repeated) headers left out by whoever reads on."""
    if not given.multiline or not given.quote:
        yield from ((number, line.rstrip("\r\n")) for number, line in enumerate(lines, start=1))
        return
    held: list[str] = []
    waiting: list[str] = []
    quotes, begins = 0, 1
    while (line := waiting.pop() if waiting else next(lines, None)) is not None or held:
        if line is not None:
            held.append(line)
            quotes += _quotes(line, given)
        if quotes % 2 == 0 and _is_one_row(held, given):
            yield begins, "".join(held).rstrip("\r\n")
            begins += len(held)
        elif quotes % 2 == 0 or line is None or len(held) >= MOST_LINES:
            # Its quote never ends, or is a sign for inches: it stands alone, and the next line begins anew.
            yield begins, held[0].rstrip("\r\n")
            begins += 1
            waiting += held[:0:-1]
        else:
            continue
        held, quotes = [], 0


def _is_one_row(lines: Sequence[str], given: Delivered) -> bool:
    """Whether the breaks between lines that hold an even number of quotes stand inside quoted cells."""
    if len(lines) == 1:
        return True
    text = "".join(lines).replace(given.delimiter, CELL_END)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=CELL_END, quotechar=given.quote, **_escaping(given))
    return len(list(islice(reader, 2))) == 1


def _escaping(given: Delivered) -> dict[str, Any]:
    escape = None if given.escape in (given.quote, "") else given.escape
    return {"escapechar": escape, "doublequote": escape is None}


def _quotes(line: str, given: Delivered) -> int:
    if given.escape not in (given.quote, ""):
        line = line.replace(given.escape * 2, "").replace(given.escape + given.quote, "")
    return line.count(given.quote)


def json_texts(lines: io.TextIOWrapper, given: Delivered) -> Iterator[tuple[int, str]]:
    """The texts of the objects of a JSON file, those that are broken too, each with its line, or its place in the list,
    counted from 1.

    Raises:
        ValueError: a list is no list, or broken in one of its elements: where the next begins, nobody knows.
    """
    if given.json_layout == "lines":
        yield from ((number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip())
        return
    text = lines.read()
    decoder, place, number = json.JSONDecoder(), _next(text, 0), 0
    if not text.startswith("[", place):
        raise ValueError("json = 'array' wants one list of objects; this begins otherwise (lines? leave it out)")
    place = _next(text, place + 1)
    while not text.startswith("]", place):
        number += 1
        try:
            _, end = decoder.raw_decode(text, place)
        except ValueError as error:
            raise ValueError(f"element {number:,} is broken: {error}") from error
        yield number, text[place:end]
        place = _next(text, end)
        if text.startswith(",", place):
            place = _next(text, place + 1)
        elif not text.startswith("]", place):
            raise ValueError(f"it is cut off after element {number:,}")


def _next(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place
