"""Days of a table read for some users at a time: the row groups that may hold them, and of those their rows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from lsif.table_schema import DS
from lsif.tables.answering import answering
from lsif.tables.erased import USER

ROWS = 2**16
"""Rows that are looked at together."""


@dataclass(frozen=True)
class RowGroup:
    """One row group of a file; ids of its users lie between `first` and `last`, or anywhere where those are None."""

    file: int
    number: int
    first: str | None
    last: str | None

    def may_hold(self, first: str, last: str) -> bool:
        return self.first is None or self.last is None or (self.first <= last and first <= self.last)


@answering
class ByUser:
    """Some columns of files of a table, as they were when this was made.

    Files are written in order of users, so that a range of ids touches few of their row groups. In other files every
    row group is looked at: right all the same, and slow.

    Attributes:
        size: bytes of the files.
    """

    def __init__(
        self,
        files: Sequence[tuple[str, str]],
        schema: pa.Schema,
        gone: pa.Array | None = None,
        later: Collection[str] = (),
    ) -> None:
        """
        Args:
            files: URL and `ds` of each, in the order in which rows are wanted.
            schema: the columns, `user_id` among them, without `ds`.
            gone: users who are not to be seen.
            later: columns that came later than some files, which are null there.
        """
        self._schema, self._later = schema, frozenset(later)
        self._gone = pa.array([], pa.string()) if gone is None else gone
        self._opened = [(*pafs.FileSystem.from_uri(path), ds) for path, ds in files]
        self._footers = [pq.read_metadata(path, filesystem=filesystem) for filesystem, path, _ in self._opened]
        self._groups = [group for at, footer in enumerate(self._footers) for group in _row_groups(at, footer)]
        self.size = sum(filesystem.get_file_info(path).size for filesystem, path, _ in self._opened)

    def users(self) -> pa.Array:
        """Distinct ids, sorted."""
        found = pa.array([], pa.string())
        for at in range(len(self._opened)):
            with self._open(at) as file:
                ids = pc.unique(file.read(columns=[USER], use_threads=False)[USER].cast(pa.string()))
            found = pc.unique(pa.concat_arrays([found, ids]))
        return self._seen(found).sort()

    def of(self, ids: pa.Array) -> pa.Table:
        """Rows with `ds` of these users (sorted, at least one); few of others' rows are held at a time."""
        first, last, ids = ids[0].as_py(), ids[-1].as_py(), self._seen(ids)
        wanted: dict[int, list[int]] = {}
        for group in self._groups:
            if group.may_hold(first, last):
                wanted.setdefault(group.file, []).append(group.number)
        found = (rows for at, numbers in wanted.items() for rows in self._rows(at, numbers, ids))
        nothing = self._schema.append(pa.field(DS, pa.string())).empty_table()
        return pa.concat_tables([nothing, *found])

    def _seen(self, ids: pa.Array) -> pa.Array:
        return ids.filter(pc.invert(pc.is_in(ids, value_set=self._gone))) if len(self._gone) else ids

    def _rows(self, at: int, numbers: list[int], ids: pa.Array) -> Iterator[pa.Table]:
        with self._open(at) as file:
            lacking = self._later - set(file.schema_arrow.names)
            names = [name for name in self._schema.names if name not in lacking]
            for batch in file.iter_batches(ROWS, numbers, names, use_threads=False):
                rows = pa.Table.from_batches([batch])
                for name in lacking & set(self._schema.names):
                    rows = rows.append_column(name, pa.nulls(len(rows), self._schema.field(name).type))
                rows = rows.select(self._schema.names).cast(self._schema)
                inside = pc.is_in(rows[USER], value_set=ids)
                kept = rows if pc.all(inside).as_py() else rows.filter(inside)
                yield kept.append_column(DS, pa.repeat(self._opened[at][2], len(kept)))

    def _open(self, at: int) -> pq.ParquetFile:
        filesystem, path, _ = self._opened[at]
        return pq.ParquetFile(path, filesystem=filesystem, metadata=self._footers[at])


def _row_groups(at: int, footer: pq.FileMetaData) -> list[RowGroup]:
    if not footer.num_row_groups:
        return []
    paths = [footer.row_group(0).column(leaf).path_in_schema for leaf in range(footer.num_columns)]
    leaf = paths.index(USER)
    return [RowGroup(at, n, *_ids(footer.row_group(n).column(leaf))) for n in range(footer.num_row_groups)]


def _ids(column: pq.ColumnChunkMetaData) -> tuple[str | None, str | None]:
    known = column.statistics
    return (known.min, known.max) if known is not None and known.has_min_max else (None, None)
