"""The one commit: a compare-and-swap on each day's counter, whatever happens to other days meanwhile."""

import json
import time
from collections.abc import Container, Iterable, Mapping

from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import Transaction

from lsif.errors import Superseded
from lsif.failpoints import failpoint
from lsif.table_schema import DS, TableSchema
from lsif.tables.files import DataFile, are_shown, files_of_days, same_rows, visible_files
from lsif.tables.marks import application, made_from, mark_of

COMMIT_RETRIES = 100


def commit(
    path: str, table: TableSchema, files: list[DataFile], marks: dict[str, int], made: Mapping[str, int]
) -> set[str]:
    """Replace the days of `marks` by `files`: a compare-and-swap on each day's counter, whatever other days do.

    Returns the days that were replaced: those whose rows are not what they were.
    """
    replaced: set[str] | None = None
    for _ in range(COMMIT_RETRIES):
        handle = DeltaTable(path)
        if late := [ds for ds, mark in marks.items() if mark_of(handle, table, ds) >= mark]:
            if replaced and are_shown(handle, files, replaced):
                return replaced  # by us: only the answer to our commit was lost on the way
            raise Superseded(f"{table.name} ds={late[0]}: another writer committed first; its rows stand")
        if replaced is None:
            replaced = _changed_days(path, table, visible_files(handle), files, marks)
        news = {ds: number for ds, number in made.items() if handle.transaction_version(made_from(table, ds)) != number}
        if not replaced and not news:
            return replaced
        failpoint("after_compare")
        try:
            _replace(handle, table, [f for f in files if f.ds in replaced], {ds: marks[ds] for ds in replaced}, news)
            failpoint("after_commit")
            return replaced
        except CommitFailedError:
            continue  # somebody committed since the handle was opened: look again whether it was one of our days
    raise Superseded(f"{table.name}: {COMMIT_RETRIES} commits of other writers came first; run the step again")


def _changed_days(
    path: str, table: TableSchema, visible: list[DataFile], files: list[DataFile], days: Iterable[str]
) -> set[str]:
    there, new = files_of_days(visible), files_of_days(files)
    return {ds for ds in days if ds not in there or not same_rows(path, table, there[ds], new[ds])}


def _replace(
    handle: DeltaTable, table: TableSchema, files: list[DataFile], marks: dict[str, int], made: Mapping[str, int]
) -> None:
    transactions = [Transaction(application(table, ds), mark) for ds, mark in marks.items()]
    transactions += [Transaction(made_from(table, ds), number) for ds, number in made.items()]
    _change(handle, table, files, marks, transactions)


def remove_days(handle: DeltaTable, table: TableSchema, days: set[str]) -> None:
    """Take days out of a table.

    Raises:
        Superseded: other writers committed again and again in between.
    """
    for _ in range(COMMIT_RETRIES):
        try:
            if any(file.ds in days for file in visible_files(handle)):
                _change(handle, table, [], days, [])
            return
        except CommitFailedError:
            handle.update_incremental()
    raise Superseded(f"{table.name}: {COMMIT_RETRIES} commits of other writers came first; run the step again")


def _change(
    handle: DeltaTable,
    table: TableSchema,
    files: list[DataFile],
    days: Container[str | None],
    transactions: list[Transaction],
) -> None:
    """One commit: `files` instead of those of `days`."""
    now = removal_time()
    replaced = [file.removal(now) for file in visible_files(handle) if file.ds in days]
    handle.create_write_transaction(
        [file.action() for file in files] + replaced,
        "append",
        Schema.from_json(json.dumps(table.struct())),
        partition_by=[DS],
        # No retries of the library's own: it would not look at the counters again.
        commit_properties=CommitProperties(app_transactions=transactions, max_commit_retries=0),
    )


def removal_time() -> int:
    """Now, in milliseconds: the storage's clock, for vacuum's retention only, until which readers keep old files."""
    return time.time_ns() // 1_000_000
