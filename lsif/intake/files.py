"""What was delivered for a day: which files, and whether they can be trusted, before any engine reads a row.

An engine's reader skips zero-byte files and names that begin with `_` or `.` without a word, expands globs and turns a
renamed column into nulls. So files are listed here, by name, and their headers are held against the configuration.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from lsif.errors import LsifError
from lsif.intake.places import files_at, filesystem_of
from lsif.intake.records import cells, csv_texts, json_texts, text_of
from lsif.intake.streams import CHUNK, DAMAGE, check_text, check_whole, head_of, packing
from lsif.intake.unfolding import last_of, lists_of
from lsif.outages import explained, is_outage
from lsif.sources import Delivered

INSTANT = pa.timestamp("us", "UTC")
"""What INT96 is: Spark and Hive write their times so, and mean instants."""
PROBED_LINES = 1000
"""Lines of JSON that are searched for keys to name, when the wanted ones are not in them."""
SHOWN = 30
"""Columns that an error names."""


@dataclass(frozen=True)
class File:
    """One delivered file, the columns it holds, and how it spells them: a CSV's header line, Parquet's Arrow types.

    `packed` is how it is compressed.
    """

    path: str
    columns: tuple[str, ...]
    header: str = ""
    kinds: tuple[pa.DataType, ...] = ()
    packed: str = ""


def delivered_files(given: Delivered, path: str) -> list[File]:
    """The files at `path`, a file, a folder or a pattern, each checked to hold the columns that `given` wants.

    Raises:
        NothingDelivered: nothing is there.
        LsifError: a file is cut off or unreadable, or a column is missing; the line names the path.
    """
    return [_checked(info, path, given) for info in files_at(path)]


def wanted_columns(given: Delivered) -> list[str]:
    """Columns that every file must hold."""
    named = (name for field, names in given.given.items() if field not in given.may_lack for name in names)
    return list(dict.fromkeys(named))


def check_content(file: File, given: Delivered, columns: Sequence[str]) -> None:
    """Read a file to its end as Spark will, whose own words about a damaged one are a hundred lines.

    Raises:
        LsifError: it was cut off or is damaged.
    """
    if given.format != "parquet":
        check_whole(file.path)
        return
    filesystem, inside = filesystem_of(file.path)
    rows = 0
    try:
        with pq.ParquetFile(inside, filesystem=filesystem, page_checksum_verification=True) as opened:
            for batch in opened.iter_batches(columns=list(columns)):
                rows += len(batch)
    except DAMAGE as error:
        said = " ".join(str(error).split())
        if is_outage(error):
            raise explained(f"{file.path} cannot be read", error) from error
        raise LsifError(f"{file.path} is damaged after row {rows:,}: {said}; deliver it again") from error


def _checked(info: pafs.FileInfo, path: str, given: Delivered) -> File:
    full = f"{path.partition('://')[0]}://{info.path}" if "://" in path else info.path
    try:
        packed = packing(head_of(full))
        if given.format == "parquet":
            if ":" in info.base_name:
                raise LsifError(f"{full} has a colon in its name, which Spark cannot open: rename it")
            details = _parquet(full)
        else:
            check_text(full, given.encoding)
            details = _json(full, given) if given.is_json else _csv(full, given)
        file = File(full, packed=packed, **details)
    except DAMAGE as error:
        raise explained(f"{full} is not a readable {given.format} file", error) from error
    except ValueError as error:
        raise LsifError(f"{full} is not a readable {given.format} file: {error}") from error
    wanted = wanted_columns(given)
    if missing := sorted(name for name in wanted if not holds(file, given, name)):
        raise LsifError(f"{full} has no column {', '.join(missing)}; it has {_named(file.columns)}{_hint(file, given)}")
    counted = Counter(file.columns)
    if any(counted[name] > 1 for names in given.given.values() for name in names):
        raise LsifError(f"{full} has two columns of one name: {_named(file.columns)}")
    return file


def identity(path: str) -> str:
    """Size and checksum of a file's content: it changes when another file is delivered, be it of the same size.

    Raises:
        LsifError: the file cannot be read.
    """
    filesystem, inside = filesystem_of(path)
    digest, size = hashlib.blake2b(digest_size=16), 0
    try:
        with filesystem.open_input_stream(inside, compression=None) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise explained(f"{path} cannot be read", error) from error
    return f"{size} {digest.hexdigest()}"


def _named(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    shown = (column if column.isprintable() else ascii(column) for column in columns[:SHOWN])
    return ", ".join(column[:100] for column in shown) + more


def _hint(file: File, given: Delivered) -> str:
    """The setting that is likely to help."""
    if given.is_json and not file.columns and given.json_layout == "lines":
        return 'nothing, since no line is an object (one list of objects? set json = "array")'
    if given.format != "csv":
        return ""
    others = [sign for sign in (";", "\t", "|", ",") if sign != given.delimiter and sign in file.header]
    if len(file.columns) == 1 and others:
        sign = others[0].replace("\t", "\\t")
        return f' (columns split by {sign}: set delimiter = "{sign}")'
    looks_like_data = any(column[:1].isdigit() for column in file.columns)
    return " (no header? set header = false and names)" if looks_like_data else ""


def holds(file: File, given: Delivered, name: str) -> bool:
    """Whether something stands at a path of a file."""
    if given.format == "parquet":
        return kind_at(file, name) is not None
    return name in file.columns


def kind_at(file: File, name: str) -> pa.DataType | None:
    """The type of what stands at a path of a Parquet file; None when nothing does."""
    schema = pa.schema(list(zip(file.columns, file.kinds, strict=True)))
    kind: pa.DataType | None = pa.struct(list(schema))
    for part in lists_of(name):
        kind = _field(kind, part)
        kind = kind.value_type if kind is not None and _is_list(kind) else None
    return _field(kind, last_of(name))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _field(kind: pa.DataType | None, path: str) -> pa.DataType | None:
    if kind is None or not path:
        return kind
    if not pa.types.is_struct(kind):
        return None
    if (at := kind.get_field_index(path)) >= 0:
        return kind.field(at).type
    head, dot, rest = path.partition(".")
    return _field(kind.field(head).type, rest) if dot and kind.get_field_index(head) >= 0 else None


def _parquet(path: str) -> dict[str, Any]:
    filesystem, inside = filesystem_of(path)
    with pq.ParquetFile(inside, filesystem=filesystem) as opened:
        schema, stored = opened.schema_arrow, opened.schema
    old = {stored.column(i).path for i in range(len(stored)) if stored.column(i).physical_type == "INT96"}
    kinds = (INSTANT if field.name in old else field.type for field in schema)
    return {"columns": tuple(schema.names), "kinds": tuple(kinds)}


def _csv(path: str, given: Delivered) -> dict[str, Any]:
    with text_of(path, given.encoding) as lines:
        first = next((text for _, text in csv_texts(iter(lines), given) if text.strip(" ")), "")
    columns = cells(first, given)
    if given.header:
        return {"columns": _distinct(columns, given), "header": first}
    if len(columns) != len(given.names):
        raise LsifError(f"{path} has {len(columns)} columns in its first row, but names has {len(given.names)}")
    return {"columns": given.names}


def _distinct(columns: Sequence[str], given: Delivered) -> tuple[str, ...]:
    """Nobody asks for an unmapped column, so two of one name, or without one, do no harm."""
    counted = Counter(columns)
    mapped = {name for names in given.given.values() for name in names}
    return tuple(
        name if name and (counted[name] == 1 or name in mapped) else f"_c{place}" for place, name in enumerate(columns)
    )


def _json(path: str, given: Delivered) -> dict[str, Any]:
    """Which of the mapped paths, or else which keys, the file holds: read until all that it must hold have come."""
    mapped = list(dict.fromkeys(name for names in given.given.values() for name in names))
    open_still = set(wanted_columns(given))
    seen: dict[str, None] = {}
    with text_of(path, given.encoding) as lines:
        texts = (text for _, text in json_texts(lines, given))
        if (head := next(texts, None)) is None:
            return {"columns": tuple(mapped)}  # no row, as a header without lines
        for number, row in enumerate(_objects(chain([head], texts))):
            found = [name for name in mapped if name not in seen and _is_there(row, name)]
            keys = row if number < PROBED_LINES else ()
            seen |= dict.fromkeys((*keys, *found))
            open_still -= seen.keys()
            if not open_still:
                break
    return {"columns": tuple(seen)}


def _objects(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Rows that are objects; a broken one has no keys here and is quarantined when the rows are read."""
    for text in texts:
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _is_there(row: Any, name: str) -> bool:
    """Whether a path leads to something in a row, be it null; in a list, in one of its elements."""
    lists = lists_of(name)
    rows = [row]
    for part in lists:
        found = [inner for one in rows if (inner := _at(one, part)) is not _ABSENT]
        rows = [element for one in found if isinstance(one, list) for element in one]
    return any(_at(one, last_of(name)) is not _ABSENT for one in rows)


_ABSENT = object()


def _at(row: Any, path: str) -> Any:
    if not path:
        return row
    if not isinstance(row, dict):
        return _ABSENT
    if path in row:
        return row[path]
    head, dot, rest = path.partition(".")
    return _at(row[head], rest) if dot and head in row else _ABSENT
