"""What was delivered for a day: which files, and whether they can be trusted, before any engine reads a row.

An engine's reader skips zero-byte files and names that begin with `_` or `.` without a word, expands globs and turns a
renamed column into nulls. So files are listed here, by name, and their headers are held against the configuration.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from lsif.errors import LsifError
from lsif.outages import explained

MARKERS = ("_SUCCESS", "_metadata", "_common_metadata", "_committed", "_started")
"""Names that writers leave beside their data."""

NAMED = 5
"""Missing paths that an error names."""

PROBED_LINES = 1000
"""Lines of a JSON-lines file that are searched for its keys; a key may be absent from any single line."""


class NothingDelivered(LsifError):
    """No file and no folder with files at `paths`, nor a marker that says that there are none; `hint` is what to do."""

    def __init__(self, paths: Sequence[str], hint: str = "") -> None:
        self.paths = list(paths)
        more = f" and {len(paths) - NAMED} more places" if len(paths) > NAMED else ""
        super().__init__(f"nothing was delivered at {', '.join(paths[:NAMED])}{more}{hint}")


@dataclass(frozen=True)
class File:
    """One delivered file, the columns it holds, and how it spells them: a CSV's header line, Parquet's Arrow types.

    `identity` changes when the file is delivered again.
    """

    path: str
    columns: tuple[str, ...]
    identity: str
    header: str = ""
    kinds: tuple[pa.DataType, ...] = ()


def delivered_files(path: str, kind: str, wanted: Iterable[str]) -> list[File]:
    """The files at `path`, a file or a folder, each checked to hold the columns `wanted`.

    An empty day is declared: by a file with its header and no rows, or by a marker `<path>.empty`. Then the list may be
    empty. Nothing is guessed from an absent or a zero-byte file.

    Args:
        path: local path or URL, the day already filled in; characters like `*` stand for themselves.
        kind: `csv`, `jsonl` or `parquet`.

    Raises:
        NothingDelivered: nothing is there.
        LsifError: a file is cut off or unreadable, or a column is missing; the line names the path.
        OutageError: who keeps the files does not answer.
    """
    filesystem, root = _filesystem(path)
    found = list(_listed(filesystem, root, path))
    declared_empty = filesystem.get_file_info(f"{root}.empty").type == pafs.FileType.File
    if declared_empty and any(info.size for info in found):
        raise LsifError(f"{path} holds data but {path}.empty declares the day empty: remove one of the two")
    if not found and not declared_empty:
        raise NothingDelivered([path])
    for info in found:
        if not info.size and not declared_empty:
            raise LsifError(f"{info.path} has zero bytes, so its upload was cut off (or declare it: {path}.empty)")
    return [_checked(filesystem, info, path, kind, set(wanted)) for info in found if info.size]


def _filesystem(path: str) -> tuple[pafs.FileSystem, str]:
    try:
        return pafs.FileSystem.from_uri(path) if "://" in path else (pafs.LocalFileSystem(), path)
    except (OSError, pa.ArrowInvalid) as error:
        raise explained(f"cannot reach {path}", error) from error


def _listed(filesystem: pafs.FileSystem, root: str, path: str) -> Iterator[pafs.FileInfo]:
    try:
        info = filesystem.get_file_info(root)
        inside = filesystem.get_file_info(pafs.FileSelector(root)) if info.type == pafs.FileType.Directory else [info]
    except OSError as error:
        raise explained(f"cannot reach {path}", error) from error
    for info in sorted(inside, key=lambda info: info.path):
        if info.type != pafs.FileType.File:
            continue
        if info.base_name.startswith("_") and not info.base_name.startswith(MARKERS):
            raise LsifError(f"{info.path} would be skipped in silence, its name begins with _: rename or remove it")
        if not info.base_name.startswith(("_", ".")):
            yield info


def _checked(filesystem: pafs.FileSystem, info: pafs.FileInfo, path: str, kind: str, wanted: set[str]) -> File:
    full = f"{path.partition('://')[0]}://{info.path}" if "://" in path else info.path
    try:
        file = File(full, identity=f"{info.size} {info.mtime_ns}", **PROBES[kind](filesystem, info.path))
    except (OSError, pa.ArrowInvalid, csv.Error) as error:
        raise explained(f"{full} is not a readable {kind} file", error) from error
    if missing := sorted(wanted - set(file.columns)):
        raise LsifError(f"{full} has no column {', '.join(missing)}; it has {', '.join(file.columns)}")
    if len(set(file.columns)) < len(file.columns):
        raise LsifError(f"{full} has two columns of one name: {', '.join(file.columns)}")
    return file


def _parquet(filesystem: pafs.FileSystem, path: str) -> dict[str, Any]:
    schema = pq.read_schema(path, filesystem=filesystem)
    return {"columns": tuple(schema.names), "kinds": tuple(schema.types)}


def _csv(filesystem: pafs.FileSystem, path: str) -> dict[str, Any]:
    with _text(filesystem, path) as lines:
        header = next(lines, "").rstrip("\r\n")
    return {"columns": tuple(next(csv.reader([header], strict=True), [])), "header": header}


def _jsonl(filesystem: pafs.FileSystem, path: str) -> dict[str, Any]:
    with _text(filesystem, path) as lines:
        keys = [key for line in islice(lines, PROBED_LINES) for key in _keys(line)]
    return {"columns": tuple(dict.fromkeys(keys))}


def _keys(line: str) -> list[str]:
    """Keys of one line; a broken line has none here and is quarantined when the rows are read."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return []
    return list(row) if isinstance(row, dict) else []


def _text(filesystem: pafs.FileSystem, path: str) -> TextIO:
    stream = filesystem.open_input_stream(path, compression="detect")
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")


PROBES = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
