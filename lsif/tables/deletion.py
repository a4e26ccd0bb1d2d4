"""Rows taken out of a table that only grows, by a condition."""

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from lsif.tables.read import Tables


def delete_rows(tables: Tables, name: str, condition: str) -> int:
    """Take out the rows that a condition of SQL holds of; returns how many. Their files stay until `Tables.tidy`."""
    try:
        table = DeltaTable(tables.path(name))
    except TableNotFoundError:
        return 0
    return int(table.delete(condition)["num_deleted_rows"])
