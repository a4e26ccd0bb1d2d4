"""The Parquet files of a table, as its Delta log knows them."""

import json
import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from lsif.schema import DS

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


def visible_files(handle: DeltaTable) -> list[DataFile]:
    actions = pa.table(handle.get_add_actions(flatten=True)).to_pydict()
    days = actions.get(f"partition.{DS}") or [None] * len(actions["path"])
    return [
        DataFile(*file)
        for file in zip(actions["path"], days, actions["size_bytes"], actions["num_records"], strict=True)
    ]


def manifest_path(ds: str) -> str:
    return f"{STAGED}/{DS}={ds}.json"


def make_folder(filesystem: pafs.FileSystem, path: str) -> None:
    """An object store knows no folders: Arrow would leave an empty object for each, at three requests a file."""
    if isinstance(filesystem, pafs.LocalFileSystem):
        filesystem.create_dir(path, recursive=True)


def spark_path(path: str) -> str:
    return re.sub("^s3://", "s3a://", path)
