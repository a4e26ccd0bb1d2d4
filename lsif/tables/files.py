"""The Parquet files of a table, as its Delta log knows them."""

import hashlib
import json
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction, RemoveAction

from lsif.errors import LsifError
from lsif.table_schema import DS, TableSchema
from lsif.tables.door import arrow_schema
from lsif.tables.erased import USER

STAGED = "_staged"
GROUP_BYTES = 2**24
"""Of a row group before it is encoded, at least: a group of a few thousand lists costs three times as much a row."""
MOST_SORTED = 5_000_000
"""Rows of a day that are sorted in memory to compare them with another day's."""


@dataclass(frozen=True)
class DataFile:
    """A Parquet file inside a table, not necessarily visible yet; `path` is relative to the table."""

    path: str
    ds: str | None
    size: int
    rows: int

    @property
    def partition(self) -> dict[str, str | None]:
        return {} if self.ds is None else {DS: self.ds}

    def action(self) -> AddAction:
        # A fixed modification time: equal inputs leave equal logs, and nothing here reads it.
        return AddAction(self.path, self.size, self.partition, 0, True, json.dumps({"numRecords": self.rows}))

    def removal(self, removed_at: int) -> RemoveAction:
        """Args: removed_at: milliseconds since the epoch."""
        return RemoveAction(self.path, True, removed_at, self.size, self.partition)


@dataclass(frozen=True)
class Size:
    """Rows, and the files and bytes that hold them; `stored` bytes lie in the storage, log and old files included."""

    rows: int
    files: int
    visible: int
    stored: int


def visible_files(handle: DeltaTable) -> list[DataFile]:
    actions = pa.table(handle.get_add_actions(flatten=True)).to_pydict()
    days = actions.get(f"partition.{DS}") or [None] * len(actions["path"])
    return [
        DataFile(*file)
        for file in zip(actions["path"], days, actions["size_bytes"], actions["num_records"], strict=True)
    ]


def widened(handle: DeltaTable, table: TableSchema) -> DeltaTable:
    """A table with the columns that came later than it, null in the rows that it has."""
    wanted = Schema.from_json(json.dumps(table.struct())).fields
    stored = {field.name for field in handle.schema().fields}
    if lacking := [field for field in wanted if field.name in table.added and field.name not in stored]:
        handle.alter.add_columns(lacking)
        handle.update_incremental()
    return handle


def files_of_days(files: Iterable[DataFile]) -> dict[str, list[DataFile]]:
    """The files of each day that has some."""
    found: dict[str, list[DataFile]] = {}
    for file in files:
        if file.ds is not None:
            found.setdefault(file.ds, []).append(file)
    return found


def fingerprints(name: str, files: Iterable[DataFile], days: Iterable[str]) -> dict[str, str]:
    """`{"table/ds": hash of the names of its files}` of each of `days`; empty where there is none."""
    there = files_of_days(files)
    paths = {ds: "\n".join(sorted(file.path for file in there.get(ds, []))) for ds in days}
    return {f"{name}/{ds}": sha256(listed) if listed else "" for ds, listed in paths.items()}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def by_day(rows: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows in runs of one `ds`, without it, in their order."""
    days = rows[DS].to_numpy(zero_copy_only=False)
    bare = rows.drop_columns([DS])
    cuts = [0, *(np.flatnonzero(days[1:] != days[:-1]) + 1).tolist(), len(rows)]
    yield from ((days[first], bare.slice(first, last - first)) for first, last in pairwise(cuts) if last > first)


def are_shown(handle: DeltaTable, files: Iterable[DataFile], days: Container[str | None]) -> bool:
    """Whether a table shows these files of `days`; their names are nobody else's."""
    return {file.path for file in files if file.ds in days} <= {file.path for file in visible_files(handle)}


def row_groups(
    path: str, ds: str, columns: Sequence[str], encoded: Sequence[str], gone: pa.Array | None = None
) -> Iterator[pa.Table]:
    """A file's row groups with its `ds`, without users that are `gone`; `encoded` leaves of text come as
    dictionaries."""
    read = [*columns] if gone is None or USER in columns else [*columns, USER]
    filesystem, inside = pafs.FileSystem.from_uri(path)
    with pq.ParquetFile(inside, filesystem=filesystem, read_dictionary=list(encoded)) as opened:
        for number in range(opened.num_row_groups):
            rows = opened.read_row_group(number, columns=read, use_threads=False)
            if gone is not None:
                kept = pc.invert(pc.is_in(rows[USER].cast(pa.string()), value_set=gone))
                rows = rows.filter(kept).select(list(columns))
            yield rows.append_column(DS, pa.repeat(ds, len(rows)))


def scan(path: str, table: TableSchema, files: Iterable[DataFile]) -> pads.Dataset:
    """Rows of some files of the table at `path`, visible or not, without `ds`, to be read as a stream."""
    filesystem, root = pafs.FileSystem.from_uri(path)
    schema = arrow_schema(table, with_ds=False)
    return pads.dataset([f"{root}/{file.path}" for file in files], schema, "parquet", filesystem)


def same_rows(path: str, table: TableSchema, ours: list[DataFile], theirs: list[DataFile]) -> bool:
    """Whether two lists of files hold equal rows: read as streams in their order, else sorted where they fit.

    A large day whose rows only stand in another order counts as another one.
    """
    rows = sum(file.rows for file in ours)
    if rows != sum(file.rows for file in theirs):
        return False
    pairs = zip_longest(batches_of(path, table, ours), batches_of(path, table, theirs))
    if all(one is not None and one.equals(other) for one, other in pairs):
        return True
    return rows <= MOST_SORTED and _sorted(path, table, ours).equals(_sorted(path, table, theirs))


def batches_of(path: str, table: TableSchema, files: Iterable[DataFile]) -> Iterator[pa.RecordBatch]:
    """Rows of files of the table at `path`, in their order, without `ds`; a column that came later is null."""
    filesystem, root = pafs.FileSystem.from_uri(path)
    schema = arrow_schema(table, with_ds=False)
    for file in files:
        with pq.ParquetFile(f"{root}/{file.path}", filesystem=filesystem) as opened:
            lacking = [name for name in schema.names if name not in opened.schema_arrow.names]  # a column came later
            for batch in opened.iter_batches(columns=schema.names):
                later = {name: pa.nulls(len(batch), schema.field(name).type) for name in lacking}
                columns = [later[name] if name in later else batch[name] for name in schema.names]
                yield pa.RecordBatch.from_arrays(columns, names=schema.names)


def _sorted(path: str, table: TableSchema, files: list[DataFile]) -> pa.Table:
    schema = arrow_schema(table, with_ds=False)
    batches = [batch.cast(schema) for batch in batches_of(path, table, files)]
    order = [(column.name, "ascending") for column in schema if not pa.types.is_nested(column.type)]
    return pa.Table.from_batches(batches, schema).sort_by(order)


def manifest_path(ds: str) -> str:
    return f"{STAGED}/{DS}={ds}.json"


def put_json(filesystem: pafs.FileSystem, path: str, content: object) -> None:
    """Write a small file whole or not at all: a reader finds what was there before, or all of what is now.

    An object store shows an object when all of it has come; in a folder the finished file takes the old one's name.
    """
    local = isinstance(filesystem, pafs.LocalFileSystem)
    make_folder(filesystem, path.rpartition("/")[0])
    unfinished = f"{path}.unfinished" if local else path
    with filesystem.open_output_stream(unfinished) as stream:
        stream.write(json.dumps(content).encode())
    if local:
        filesystem.move(unfinished, path)


def get_json(filesystem: pafs.FileSystem, path: str) -> Any | None:
    """What `put_json` wrote; None where there is no such file.

    Raises:
        LsifError: the file is damaged.
    """
    if filesystem.get_file_info(path).type != pafs.FileType.File:
        return None
    with filesystem.open_input_stream(path) as stream:
        text = stream.read()
    try:
        return json.loads(text)
    except ValueError as error:
        raise LsifError(f"{path} is damaged ({error}): run the step that writes it again, with --force") from error


def make_folder(filesystem: pafs.FileSystem, path: str) -> None:
    """An object store knows no folders: Arrow would leave an empty object for each, at three requests a file."""
    if isinstance(filesystem, pafs.LocalFileSystem):
        filesystem.create_dir(path, recursive=True)


def spark_path(path: str) -> str:
    return re.sub("^s3://", "s3a://", path)


def group_rows(rows: pa.Table) -> int:
    """Rows of a row group, of so many at once: who looks for some users of a million reads a few groups of many."""
    groups = max(rows.nbytes // GROUP_BYTES, 1)
    return max(-(-len(rows) // groups), 1)


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches in tables of at least `GROUP_BYTES`; a batch is never cut, and none with another schema joins one."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        if held and (size >= GROUP_BYTES or batch.schema != held[0].schema):
            yield pa.Table.from_batches(held)
            held, size = [], 0
        held.append(batch)
        size += batch.nbytes
    if held:
        yield pa.Table.from_batches(held)
