"""The Parquet files of a table, as its Delta log knows them."""

import json
import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from lsif.schema import DS, TableSchema
from lsif.tables.door import arrow_schema

STAGED = "_staged"


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


def read_files(path: str, table: TableSchema, files: list[DataFile]) -> pa.Table:
    """Rows of `files` of the table at `path`, without `ds`."""
    filesystem, root = pafs.FileSystem.from_uri(path)
    schema = arrow_schema(table, with_ds=False)
    return pa.concat_tables(
        pq.read_table(f"{root}/{file.path}", filesystem=filesystem, schema=schema, partitioning=None) for file in files
    )


def same_rows(path: str, table: TableSchema, ours: list[DataFile], theirs: list[DataFile]) -> bool:
    """Whether two lists of files hold equal rows, in whatever order."""
    if sum(file.rows for file in ours) != sum(file.rows for file in theirs):
        return False
    one, other = read_files(path, table, ours), read_files(path, table, theirs)
    order = [(column.name, "ascending") for column in one.schema if not pa.types.is_nested(column.type)]
    return bool(one.equals(other) or one.sort_by(order).equals(other.sort_by(order)))


def manifest_path(ds: str) -> str:
    return f"{STAGED}/{DS}={ds}.json"


def make_folder(filesystem: pafs.FileSystem, path: str) -> None:
    """An object store knows no folders: Arrow would leave an empty object for each, at three requests a file."""
    if isinstance(filesystem, pafs.LocalFileSystem):
        filesystem.create_dir(path, recursive=True)


def spark_path(path: str) -> str:
    return re.sub("^s3://", "s3a://", path)
