"""A day's numbers in the table's own log, as Delta application transactions: each moves with the day's files or not."""

from deltalake import DeltaTable

from lsif.table_schema import TableSchema
from lsif.tables.files import sha256


def mark_of(handle: DeltaTable, table: TableSchema, ds: str) -> int:
    """How often a day was committed."""
    return handle.transaction_version(application(table, ds)) or 0


def application(table: TableSchema, ds: str) -> str:
    return f"lsif/{table.name}/{ds}"


def made_from(table: TableSchema, ds: str) -> str:
    return f"{application(table, ds)}/made_from"


def number_of(text: str) -> int:
    """A number of 48 bits for a text, so that the sum of a lifetime of days still fits where a commit keeps it."""
    return int(sha256(text)[:12], 16)
