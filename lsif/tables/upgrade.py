"""Tables as an earlier release left them, brought to today's columns: each in one commit, every row in its day."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from deltalake.transaction import Transaction

from lsif.errors import Superseded
from lsif.schema import TABLES
from lsif.table_schema import DS, TableSchema
from lsif.tables.door import arrow_schema
from lsif.tables.files import fingerprints, visible_files
from lsif.tables.marks import application, mark_of
from lsif.tables.write import Writer

Columns = dict[str, pa.Array]
SHARES = ("long_share", "short_share", "popularity_share")
BATCH = 65_536
"""Rows in memory at a time."""


def _lists_of_one_name(rows: pa.RecordBatch) -> Columns:
    """There was one list, of everything.

    Its alpha and shares measured networks and knew a share of repeats; under today's names they would be wrong numbers,
    and are null.
    """
    generator = pc.if_else(pc.equal(rows["reason_code"], "popular_fallback"), "popular", "fusion")
    emptied = {name: pa.nulls(len(rows), pa.float64()) for name in ("alpha", *SHARES)}
    return {"list": pa.repeat("for_you", len(rows)), "generator": generator, **emptied}


def _metrics_of_one_list(rows: pa.RecordBatch) -> Columns:
    """A segment is `dimension=value` now, and there was one: everybody."""
    return {
        "list": pa.repeat("for_you", len(rows)),
        "segment": pc.replace_substring_regex(rows["segment"], "^all$", "users=all"),
    }


CHANGED: dict[str, Callable[[pa.RecordBatch], Columns]] = {
    "recommendations": _lists_of_one_name,
    "metrics_daily": _metrics_of_one_list,
}
"""Table = what today's columns hold for rows of before `list` was a column; other columns stay, new ones are null."""


@dataclass(frozen=True)
class Upgraded:
    """A table that was changed: its rows, and the fingerprints of its days by `table/ds`, before and after."""

    rows: int
    before: dict[str, str]
    after: dict[str, str]


def upgrade(root: str) -> dict[str, Upgraded]:
    """Bring every table below `root` that lacks the columns of today to them.

    What only lacks columns of `TableSchema.added` is read as it is, and left alone. The files of before stay until the
    weekly tidying, for readers that opened the table earlier.

    Returns:
        Of each table that was changed, what became of it.

    Raises:
        Superseded: a job wrote into a table meanwhile; it is whole, as that job left it.
    """
    made = {name: _upgraded(f"{root}/{name}", TABLES[name]) for name in CHANGED}
    return {name: one for name, one in made.items() if one is not None}


def _upgraded(path: str, table: TableSchema) -> Upgraded | None:
    try:
        handle = DeltaTable(path)
    except TableNotFoundError:
        return None
    if "list" in {field.name for field in handle.schema().fields}:
        return None
    writer, files = Writer(path, table, handle), visible_files(handle)
    for file in files:
        writer.write(file.ds, _today(path, file.path, table))
    days = sorted(writer.days)
    # Whoever began before and commits a day now would bring back the old columns: the day's counter moves, it loses.
    moved = [Transaction(application(table, ds), mark_of(handle, table, ds) + 1) for ds in days]
    try:
        handle.create_write_transaction(
            [file.action() for file in writer.files],
            "overwrite",
            Schema.from_json(json.dumps(table.struct())),
            partition_by=[DS],
            commit_properties=CommitProperties(app_transactions=moved, max_commit_retries=0),
        )
    except CommitFailedError as error:
        writer.discard()
        raise Superseded(f"{table.name}: a job wrote into it meanwhile; run `lsif upgrade` when none runs") from error
    rows = sum(file.rows for file in files)
    return Upgraded(rows, fingerprints(table.name, files, days), fingerprints(table.name, writer.files, days))


def _today(path: str, file: str, table: TableSchema) -> Iterator[pa.RecordBatch]:
    """The rows of a file with the columns of today."""
    wanted = arrow_schema(table, with_ds=False)
    filesystem, root = pafs.FileSystem.from_uri(path)
    with pq.ParquetFile(f"{root}/{file}", filesystem=filesystem) as opened:
        for rows in opened.iter_batches(BATCH):
            changed = CHANGED[table.name](rows)
            kept = {name: rows[name] for name in rows.schema.names if name in wanted.names}
            columns = {**{column.name: pa.nulls(len(rows), column.type) for column in wanted}, **kept, **changed}
            yield pa.RecordBatch.from_arrays([columns[name] for name in wanted.names], wanted.names)
