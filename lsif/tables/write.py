"""Writing tables: files first, then one commit."""

import json
import re
import uuid
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from lsif.errors import LsifError, Superseded
from lsif.failpoints import failpoint
from lsif.table_schema import DS, TableSchema
from lsif.tables.answering import answering
from lsif.tables.commits import commit
from lsif.tables.door import arrow_schema, check_columns, check_keys, difference
from lsif.tables.files import (
    DataFile,
    are_shown,
    by_day,
    gathered,
    group_rows,
    make_folder,
    manifest_path,
    put_json,
    row_groups,
    scan,
    spark_path,
)
from lsif.tables.marks import mark_of
from lsif.tables.staged import Staged

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

APPEND_RETRIES = 100
FEW_ROWS = 20_000
"""Of a day, on average: below, Spark takes longer over its file than over its rows."""


def write_file(path: str, table: TableSchema, name: str, rows: Iterable[pa.RecordBatch]) -> pq.FileMetaData:
    """Write the file `name` of the table at `path`, batch by batch; returns its footer.

    Raises:
        LsifError: a column is missing, unknown or of another type.
    """
    wanted, (filesystem, root) = arrow_schema(table, with_ds=False), pafs.FileSystem.from_uri(path)
    make_folder(filesystem, f"{root}/{name}".rpartition("/")[0])
    footer: list[pq.FileMetaData] = []
    kept = {"compression": "zstd", "metadata_collector": footer}
    with pq.ParquetWriter(f"{root}/{name}", wanted, filesystem=filesystem, **kept) as writer:
        for group in gathered(rows):
            check_columns(table.name, "the rows to write hold", wanted, group.schema)
            writer.write_table(group.select(wanted.names).cast(wanted), group_rows(group))
    failpoint("after_file")
    return footer[0]


@answering
@dataclass
class Writer:
    """One writer of one table: writes files, then commits all of its days or none.

    `handle` is the table as it was when the step started, and stays so; `written` gathers what is committed or staged.
    """

    path: str
    table: TableSchema
    handle: DeltaTable
    files: list[DataFile] = field(default_factory=list)
    days: dict[str, None] = field(default_factory=dict)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    written: set[str] = field(default_factory=set)

    def write(self, ds: str | None, rows: pa.Table | Iterable[pa.RecordBatch]) -> None:
        """Write rows of `ds` to a file, batch by batch, not visible yet. No rows at all make an empty day.

        Raises:
            LsifError: a column is missing, unknown or of another type, or a key column holds nulls.
        """
        if isinstance(rows, pa.Table):
            check_columns(
                self.table.name, "the rows to write hold", arrow_schema(self.table, with_ds=False), rows.schema
            )
        name = f"{f'{DS}={ds}/' if ds else ''}{self.token}-{len(self.files):04d}.parquet"
        batches = rows.to_batches() if isinstance(rows, pa.Table) else rows
        self._register(ds, name, write_file(self.path, self.table, name, batches))

    def elsewhere(self, ds: str) -> "Elsewhere":
        """What other processes write files of `ds` with, for this writer to take over."""
        return Elsewhere(self.path, self.table, ds, self.token)

    def take_over(self, ds: str, paths: Sequence[str]) -> None:
        """Files of `ds`, in order, that other processes wrote with what `elsewhere` gave them; none make an empty day.

        Raises:
            LsifError: as for `write`.
        """
        for path in paths:
            self._adopt(ds, path)
        if not paths:
            self.write(ds, [])

    def write_frame(self, frame: "DataFrame", days: Iterable[str], rows: int | None = None) -> None:
        """Write a Spark DataFrame with a `ds` column; every listed day is replaced, also by nothing.

        Args:
            rows: how many there are, if that is known. For many days of few rows Spark writes a few files, sorted by
                day as `frame` is within its partitions, and this process cuts them: a file costs Spark ten times as
                much, for which it starts a `chmod`, renames and writes checksums.

        Raises:
            LsifError: as for `write`, or a row's `ds` is not among `days`.
        """
        from pyspark.sql.types import StructType

        names = StructType.fromJson(self.table.struct()).names
        if set(frame.columns) != set(names):
            raise LsifError(difference(self.table.name, "the frame to write holds", names, frame.columns))
        listed, (filesystem, root) = list(days), self._root()
        few = rows is not None and rows < FEW_ROWS * len(listed) and isinstance(filesystem, pafs.LocalFileSystem)
        writing = frame.select(*names).write.option("compression", "zstd")
        writing = writing.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
        (writing if few else writing.partitionBy(DS)).parquet(f"{spark_path(self.path)}/{self.token}")
        failpoint("after_frame")
        written = pafs.FileSelector(f"{root}/{self.token}", recursive=True, allow_not_found=True)
        for info in sorted(filesystem.get_file_info(written), key=lambda info: info.path):
            if info.type == pafs.FileType.File and info.base_name.endswith(".parquet"):
                relative = info.path[len(root.rstrip("/")) + 1 :]
                if few:
                    self._cut(relative)
                else:
                    self._adopt(re.findall(rf"{DS}=([^/]+)/", relative)[-1], relative)
        if few:
            filesystem.delete_dir(f"{root}/{self.token}")
        if strange := sorted(set(self.days) - set(listed)):
            raise LsifError(
                f"{self.table.name}: rows of {', '.join(strange)} in a write of {listed[0]} to {listed[-1]}"
            )
        for ds in sorted(set(listed) - set(self.days)):
            self.write(ds, arrow_schema(self.table, with_ds=False).empty_table())

    def commit(self, made_from: Mapping[str, int] | None = None) -> int:
        """Make everything written visible in one Delta commit, replacing the written days; returns the rows.

        A day whose rows are what they were keeps its files: who read them has nothing to read again.

        Args:
            made_from: a number for what each day was made from, by day, or by `day/WHAT` where that is several things;
                kept with the day and read by `Tables.made_from`.

        Raises:
            Superseded: somebody else replaced one of the days since this writer was opened.
        """
        failpoint("before_commit")
        replaced = commit(self.path, self.table, self.files, self._marks(), made_from or {})
        self.discard([file for file in self.files if file.ds not in replaced])
        failpoint("after_discard")
        self.written |= {f"{self.table.name}/{ds}" for ds in self.days}
        return sum(file.rows for file in self.files)

    def written_rows(self, days: Container[str], columns: Sequence[str]) -> pa.Table:
        """Rows of `days` as they were written, visible or not."""
        return scan(self.path, self.table, [file for file in self.files if file.ds in days]).to_table(list(columns))

    def row_groups(self, ds: str, columns: Sequence[str], encoded: Sequence[str] = ()) -> Iterator[pa.Table]:
        """`Tables.row_groups` of a day as it was written, visible or not."""
        for file in self.files:
            if file.ds == ds:
                yield from row_groups(f"{self.path}/{file.path}", ds, columns, encoded)

    def discard(self, files: Sequence[DataFile] | None = None) -> None:
        """Delete what was written (by default all of it) and is not to be seen."""
        filesystem, root = self._root()
        for file in self.files if files is None else files:
            filesystem.delete_file(f"{root}/{file.path}")

    def append(self, first: bool = False) -> int:
        """Add what was written to a table without `ds`; appends never conflict with each other.

        Args:
            first: only if nobody has written to the table since this writer was opened.

        Raises:
            Superseded: somebody has.
        """
        schema = Schema.from_json(json.dumps(self.table.struct()))
        properties = CommitProperties(max_commit_retries=0 if first else APPEND_RETRIES)
        actions: list[AddAction | RemoveAction] = [file.action() for file in self.files]
        failpoint("before_append")
        try:
            self.handle.create_write_transaction(actions, "append", schema, commit_properties=properties)
        except CommitFailedError as error:
            if not first:
                raise
            if not are_shown(DeltaTable(self.path), self.files, {None}):  # else only the answer to us was lost
                raise Superseded(f"{self.table.name}: another writer was first") from error
        failpoint("after_append")
        return sum(file.rows for file in self.files)

    def stage(self, **notes: str) -> Staged:
        """Leave what was written for another process to check and commit, with `notes` for it."""
        (ds,) = self.days
        staged = Staged(self.path, self.table, ds, self.files, self._marks()[ds], dict(notes), self.written)
        filesystem, root = self._root()
        failpoint("before_stage")
        put_json(filesystem, f"{root}/{manifest_path(ds)}", staged.manifest())
        failpoint("after_stage")
        self.written.add(staged.name)
        return staged

    def _marks(self) -> dict[str, int]:
        return {ds: mark_of(self.handle, self.table, ds) + 1 for ds in self.days}

    def _cut(self, path: str) -> None:
        """Write the rows of a file that is sorted by `ds` to a file for each of its days."""
        filesystem, root = self._root()
        with pq.ParquetFile(f"{root}/{path}", filesystem=filesystem) as opened:
            for ds, batches in groupby(chain.from_iterable(map(by_day, opened.iter_batches())), itemgetter(0)):
                self.write(ds, (batch for _, batch in batches))

    def _adopt(self, ds: str, path: str) -> None:
        """A file that somebody else wrote."""
        filesystem, root = self._root()
        self._register(ds, path, pq.read_metadata(f"{root}/{path}", filesystem=filesystem))

    def _register(self, ds: str | None, path: str, footer: pq.FileMetaData) -> None:
        filesystem, root = self._root()
        wanted = arrow_schema(self.table, with_ds=False)
        check_columns(self.table.name, f"the file {path} holds", wanted, footer.schema.to_arrow_schema())
        check_keys(self.table, path, footer)
        size = filesystem.get_file_info(f"{root}/{path}").size
        self.files.append(DataFile(path, ds, size, footer.num_rows))
        if ds is not None:
            self.days.setdefault(ds)

    def _root(self) -> tuple[pafs.FileSystem, str]:
        return pafs.FileSystem.from_uri(self.path)


@answering
@dataclass(frozen=True)
class Elsewhere:
    """A writer's day in another process, which may die and be tried again: every file has a name of its own, and only
    those are seen that the writer takes over."""

    path: str
    table: TableSchema
    ds: str
    token: str

    def write(self, rows: Iterable[pa.RecordBatch]) -> str:
        """Write one file; returns its path inside the table.

        Raises:
            LsifError: a column is missing, unknown or of another type.
        """
        name = f"{DS}={self.ds}/{self.token}-{uuid.uuid4().hex}.parquet"
        write_file(self.path, self.table, name, rows)
        return name
