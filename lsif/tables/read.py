"""Reading tables, and the way to their writers."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.fs as pafs
from deltalake import DeltaTable, Schema
from deltalake.transaction import create_table_with_add_actions

from lsif.days import days_between
from lsif.errors import LsifError, MissingDays
from lsif.failpoints import failpoint
from lsif.schema import TABLES
from lsif.table_schema import DS
from lsif.tables.answering import answering
from lsif.tables.by_user import ByUser
from lsif.tables.commits import remove_days
from lsif.tables.door import arrow_schema
from lsif.tables.erased import ASKED, ERASED, USER, Hidden, hidden, latest
from lsif.tables.files import (
    DataFile,
    Size,
    files_of_days,
    fingerprints,
    get_json,
    manifest_path,
    row_groups,
    sha256,
    widened,
)
from lsif.tables.frames import frame_of
from lsif.tables.marks import made_from, number_of
from lsif.tables.opened import Opened, schema_of
from lsif.tables.root import require_writable
from lsif.tables.staged import Staged
from lsif.tables.write import Writer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CHECKPOINT_EVERY = 10
"""Commits: whoever opens a table reads those since the last checkpoint, at half a millisecond each."""


@answering
class Tables(Opened):
    """All tables under one root.

    Args:
        root: local folder or object-store URL; credentials and endpoint come from the usual AWS_* variables.

    Attributes:
        written: `table/ds` of every day that was committed through here, and what was staged.
    """

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.written: set[str] = set()
        self._looked = False
        self._hidden: Hidden | None = None

    def hiding(self, users: Hidden | None) -> "Tables":
        """The same tables without the rows of these users, and with those of all others: for whoever purges them."""
        view = Tables(self.root)
        view._hidden, view._looked, view.written = users, True, self.written
        return view

    def pinned(self) -> "Tables":
        """The same tables, each staying as it is at its first look: what is chosen there is what is read."""
        if self._pinned is not None:
            return self
        view = Tables(self.root)
        view._pinned = {}
        view._looked, view._hidden = self._looked, self._hidden
        return view

    def require_writable(self) -> None:
        """Raises LsifError when nothing can be written below the root; makes nothing itself."""
        require_writable(self.root)

    def days(self, name: str, first: str = "", last: str = "9999-12-31") -> list[str]:
        """The `ds` present from `first` to `last`, ascending; a day that is present may hold no row."""
        return sorted({f.ds for f in self._files(name) if f.ds is not None and first <= f.ds <= last})

    def require_days(self, name: str, first: str, last: str) -> list[str]:
        """Every `ds` from `first` to `last`.

        Raises:
            MissingDays: some are not there; it names them all.
        """
        wanted = days_between(first, last)
        if missing := sorted(set(wanted) - set(self.days(name, first, last))):
            raise MissingDays(name, missing)
        return wanted

    def newest_day(self, name: str, at: str) -> str | None:
        """The newest `ds` at or before `at`."""
        return max(self.days(name, last=at), default=None)

    def read(
        self,
        name: str,
        days: Iterable[str] | None = None,
        columns: Sequence[str] | None = None,
        filter: pc.Expression | None = None,
    ) -> pa.Table:
        """Rows of `days` (default: all) as Arrow, with their `ds`, in file order; an absent table has no rows."""
        return self.scan(name, days).to_table(columns=None if columns is None else list(columns), filter=filter)

    def scan(self, name: str, days: Iterable[str] | None = None) -> pads.Dataset:
        """Rows of `days` (default: all) with their `ds`, for whoever reads them as a stream."""
        wanted = arrow_schema(schema_of(name))
        handle = self._handle(name)
        if handle is None:
            return pads.dataset(wanted.empty_table())
        # Arrow's own filesystem: with deltalake's, written in Python, Arrow's threads may still call Python when the
        # interpreter ends, and the process dies by SIGABRT.
        filesystem = pafs.SubTreeFileSystem(*reversed(pafs.FileSystem.from_uri(self.path(name))))
        dataset = handle.to_pyarrow_dataset(schema=wanted, filesystem=filesystem)
        chosen = None if days is None else list(days)
        if (gone := self._gone(name, chosen)) is not None:
            dataset = dataset.filter(~pc.field(USER).isin(gone))
        return dataset if chosen is None else dataset.filter(pc.field(DS).isin(pa.array(chosen, pa.string())))

    def by_day(self, name: str, days: Iterable[str], columns: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
        """Each of `days` with its rows, in file order, in one look at the table's log and a file at a time."""
        files, wanted = files_of_days(self._files(name)), self.schema(name)
        filesystem, root = pafs.FileSystem.from_uri(self.path(name))
        for ds in days:
            paths, gone = [f"{root}/{file.path}" for file in files.get(ds, [])], self._gone(name, [ds])
            kept = None if gone is None else ~pc.field(USER).isin(gone)
            yield ds, pads.dataset(paths, wanted, "parquet", filesystem).to_table(columns=list(columns), filter=kept)

    def row_groups(self, name: str, ds: str, columns: Sequence[str], encoded: Sequence[str] = ()) -> Iterator[pa.Table]:
        """Rows of one day as Arrow, with their `ds`, in file order, one row group of one file at a time.

        Args:
            columns: data columns.
            encoded: leaves of text, such as `items.list.element.item_id`, that come as dictionaries.
        """
        gone = self._gone(name, [ds])
        for file in self._files(name):
            if file.ds == ds:
                yield from row_groups(f"{self.path(name)}/{file.path}", ds, columns, encoded, gone)

    def by_user(self, name: str, days: Iterable[str], columns: Sequence[str]) -> ByUser:
        """Rows of `days`, in order of days, to be read for some users at a time: `user_id` is among the `columns`."""
        wanted = set(days)
        found = sorted((str(f.ds), f.path) for f in self._files(name) if f.ds in wanted and f.rows)
        chosen = pa.schema([self.schema(name).field(column) for column in columns])
        files = [(f"{self.path(name)}/{path}", ds) for ds, path in found]
        return ByUser(files, chosen, self._gone(name, wanted), schema_of(name).added)

    def frame(
        self, spark: "SparkSession", name: str, days: Iterable[str], columns: Sequence[str] | None = None
    ) -> "DataFrame":
        """Rows of `days` as a Spark DataFrame with their `ds`, read by the table's file list and declared schema."""
        chosen, table = set(days), schema_of(name)
        files = [f"{self.path(name)}/{f.path}" for f in self._files(name) if f.ds in chosen]
        return frame_of(spark, table, files, columns, self._gone(name, chosen))

    def rows(self, name: str, first: str = "", last: str = "9999-12-31") -> dict[str, int]:
        """How many rows each `ds` from `first` to `last` holds, as the table's log knows it: no data file is opened."""
        counted: dict[str, int] = {}
        for file in self._files(name):
            if file.ds is not None and first <= file.ds <= last:
                counted[file.ds] = counted.get(file.ds, 0) + file.rows
        return counted

    def digests(self, name: str) -> dict[str, int]:
        """A number for the files of each `ds` that hold rows; the sum over some days stands for those days' content."""
        files = [file for file in self._files(name) if file.ds is not None]
        found = dict.fromkeys((str(file.ds) for file in files), 0)
        for file in files:
            found[str(file.ds)] ^= number_of(file.path) if file.rows else 0
        return found

    def made_from(self, name: str, ds: str) -> int | None:
        """What `Writer.commit` was told that the day (or `day/WHAT`) is made from."""
        handle = self._handle(name)
        return handle.transaction_version(made_from(schema_of(name), ds)) if handle else None

    def fingerprint(self, name: str, ds: str) -> str:
        """Identity of one day's files; changes whenever the day is replaced. Empty when the day is absent."""
        return self.fingerprints(name, [ds])[f"{name}/{ds}"]

    def fingerprints(self, name: str, days: Iterable[str]) -> dict[str, str]:
        """`{"table/ds": fingerprint}` of each day, in one look at the table's log."""
        return fingerprints(name, self._files(name), days)

    def current(self, names: Iterable[str]) -> dict[str, str]:
        """Fingerprints as they are now of those `names` that are `table/ds`, in one look at each table's log."""
        by_table: dict[str, list[str]] = {}
        for name in names:
            table, _, ds = name.partition("/")
            if table in TABLES:
                by_table.setdefault(table, []).append(ds)
        return {name: mark for table, days in by_table.items() for name, mark in self.fingerprints(table, days).items()}

    def content_hash(self, name: str, ds: str) -> str:
        """Hash of one day's rows in key order: equal exactly when the rows are, whatever files hold them."""
        table = schema_of(name)
        rows = self.read(name, [ds]).to_pylist()
        lines = sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
        return sha256("\n".join([*table.columns, *lines]))

    def writer(self, name: str) -> "Writer":
        """Open a table for writing; open it when the step starts, before its inputs are read."""
        handle = self._handle(name)
        if handle is None:
            create_table_with_add_actions(
                self.path(name),
                Schema.from_json(json.dumps(schema_of(name).struct())),
                [],
                mode="ignore",
                partition_by=[DS] if schema_of(name).partitioned else None,
                configuration={"delta.checkpointInterval": str(CHECKPOINT_EVERY)},
            )
            handle = DeltaTable(self.path(name))
            failpoint("after_create")
        return Writer(self.path(name), schema_of(name), widened(handle, schema_of(name)), written=self.written)

    def append(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table that only grows (`runs`, `item_vectors`)."""
        table = schema_of(name)
        if table.partitioned:
            raise ValueError(f"{name} is replaced by ds, never appended to")
        writer = self.writer(name)
        writer.write(None, rows)
        writer.append()

    def remove(self, name: str, days: Iterable[str]) -> None:
        """Take `days` out of a table, in one commit; their files stay for readers of the table as it was."""
        if handle := self._handle(name):
            remove_days(handle, schema_of(name), set(days))
            failpoint("after_remove")

    def tidy(self, name: str, keep_days: int) -> None:
        """Delete files that nobody can see and that were replaced, or never shown, more than `keep_days` days ago.

        The many small files of a table that only grows become few.
        """
        if handle := self._handle(name):
            if not schema_of(name).partitioned:
                handle.optimize.compact()
                failpoint("after_compact")
            handle.vacuum(24 * keep_days, dry_run=False, enforce_retention_duration=False, full=True)
            failpoint("after_vacuum")

    def size(self, name: str) -> Size:
        """What a table holds, and what it takes."""
        filesystem, root = pafs.FileSystem.from_uri(self.path(name))
        listed = filesystem.get_file_info(pafs.FileSelector(root, recursive=True, allow_not_found=True))
        files = self._files(name)
        stored = sum(info.size for info in listed if info.type == pafs.FileType.File)
        return Size(sum(file.rows for file in files), len(files), sum(file.size for file in files), stored)

    def staged(self, name: str, ds: str) -> "Staged":
        """What `Writer.stage` left for `ds`.

        Raises:
            LsifError: nothing is staged, or nothing that can be read.
        """
        filesystem, root = pafs.FileSystem.from_uri(self.path(name))
        manifest = f"{root}/{manifest_path(ds)}"
        if (content := get_json(filesystem, manifest)) is None:
            raise LsifError(f"nothing is staged for {name} ds={ds}: run the step that writes it first")
        files = [DataFile(**file) for file in content.pop("files")]
        return Staged(self.path(name), schema_of(name), ds, files, **content, written=self.written)

    def erased(self, *statuses: str) -> Hidden | None:
        """Users of whom the list of erased users says one of `statuses` last; None where that is nobody."""
        return hidden(latest(self.read(ERASED)), *statuses)

    def _gone(self, name: str, days: Iterable[str] | None) -> pa.Array | None:
        """Ids of users in `days` (default: all) of a table whose rows are not to be seen; None where there are none."""
        if USER not in schema_of(name).columns:
            return None
        if not self._looked:
            self._hidden, self._looked = self.erased(ASKED), True
        if self._hidden is None:
            return None
        wanted = None if days is None else set(days)
        files = [f for f in self._files(name) if f.rows and (wanted is None or f.ds in wanted)]
        found = self._hidden.in_files(f"{self.path(name)}/{file.path}" for file in files)
        return found if len(found) else None
