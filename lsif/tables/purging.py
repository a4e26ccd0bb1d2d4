"""Rows that have to leave the storage: files written anew without them, and what held them deleted."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import Transaction

from lsif.errors import Superseded
from lsif.schema import TABLES
from lsif.table_schema import DS
from lsif.tables.answering import answering
from lsif.tables.commits import COMMIT_RETRIES, removal_time
from lsif.tables.files import DataFile, batches_of, visible_files
from lsif.tables.marks import application, made_from, mark_of
from lsif.tables.read import Tables
from lsif.tables.write import write_file

Change = Callable[[pa.RecordBatch], pa.RecordBatch]
"""Rows of a file as they are = as they are to be; of the same columns."""


@answering
@dataclass
class Purging:
    """One table whose files are written anew.

    A file is replaced by one with the rows that stay, in their order, under a name of its own; one commit shows them
    all. It counts as a commit of their days: who opened the table before and writes the same day is superseded.

    Attributes:
        made: of files that were replaced, path = what stands for it.
    """

    tables: Tables
    name: str
    made: dict[str, DataFile] = field(default_factory=dict)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def path(self) -> str:
        return self.tables.path(self.name)

    def seen(self) -> list[DataFile]:
        """Files that readers see; none where there is no table."""
        return self.tables.hiding(None).files(self.name)

    def stored(self) -> list[str]:
        """Every data file below the table, seen or not, relative to it."""
        filesystem, root = pafs.FileSystem.from_uri(self.path)
        listed = filesystem.get_file_info(pafs.FileSelector(root, recursive=True, allow_not_found=True))
        inside = [info.path[len(root.rstrip("/")) + 1 :] for info in listed if info.type == pafs.FileType.File]
        return sorted(one for one in inside if one.endswith(".parquet") and not one.startswith("_delta_log/"))

    def write(self, holding: Callable[[DataFile], bool], change: Change) -> None:
        """Write the files that hold something anew, not visible yet."""
        table = TABLES[self.name]
        for file in self.seen():
            if file.path in self.made or not holding(file):
                continue
            folder = f"{DS}={file.ds}/" if file.ds else ""
            name = f"{folder}{self.token}-{len(self.made):04d}.parquet"
            rows = (change(batch) for batch in batches_of(self.path, table, [file]))
            footer = write_file(self.path, table, name, rows)
            filesystem, root = pafs.FileSystem.from_uri(self.path)
            size = filesystem.get_file_info(f"{root}/{name}").size
            self.made[file.path] = DataFile(name, file.ds, size, footer.num_rows)

    def commit(
        self, holding: Callable[[DataFile], bool], change: Change, made: Mapping[str, int] | None = None
    ) -> None:
        """Show what was written instead of what it was written from; what others committed meanwhile, too.

        Args:
            made: as `made_from` of `Writer.commit`, of days that need not be among those written.

        Raises:
            Superseded: other writers committed again and again in between.
        """
        for _ in range(COMMIT_RETRIES):
            self.write(holding, change)
            if not self.made and not made:
                return
            handle = DeltaTable(self.path)
            old = [file for file in visible_files(handle) if file.path in self.made]
            if not old and not made:
                return
            try:
                self._replace(handle, old, made or {})
                return
            except CommitFailedError:
                continue  # somebody committed since the table was opened: look again
        raise Superseded(f"{self.name}: {COMMIT_RETRIES} commits of other writers came first; run the step again")

    def delete(self, paths: Iterable[str]) -> int:
        """Delete data files for good; returns how many there were."""
        filesystem, root = pafs.FileSystem.from_uri(self.path)
        there = [path for path in paths if filesystem.get_file_info(f"{root}/{path}").type == pafs.FileType.File]
        for path in there:
            filesystem.delete_file(f"{root}/{path}")
        return len(there)

    def column(self, path: str, name: str) -> pa.ChunkedArray:
        """A column of text of a data file; empty where the file was written before that column came.

        Raises:
            pa.ArrowInvalid: it is no whole Parquet file: a writer was killed, or is at it.
        """
        filesystem, root = pafs.FileSystem.from_uri(self.path)
        with pq.ParquetFile(f"{root}/{path}", filesystem=filesystem) as opened:
            if name not in opened.schema_arrow.names:
                return pa.chunked_array([], pa.string())
            return opened.read(columns=[name], use_threads=False)[name].cast(pa.string())

    def _replace(self, handle: DeltaTable, old: list[DataFile], made: Mapping[str, int]) -> None:
        table = TABLES[self.name]
        days = sorted({file.ds for file in old if file.ds})
        marks = [Transaction(application(table, ds), mark_of(handle, table, ds) + 1) for ds in days]
        marks += [Transaction(made_from(table, ds), number) for ds, number in made.items()]
        now = removal_time()
        handle.create_write_transaction(
            [self.made[file.path].action() for file in old] + [file.removal(now) for file in old],
            "append",
            Schema.from_json(json.dumps(table.struct())),
            partition_by=[DS] if table.partitioned else None,
            commit_properties=CommitProperties(app_transactions=marks, max_commit_retries=0),
        )
