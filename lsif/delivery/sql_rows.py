"""Rows into a table of a SQL database: by COPY where the database is PostgreSQL, by INSERT everywhere else."""

import io
import json
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa

from lsif.destinations import AS_JSON, Shape
from lsif.table_schema import DOUBLE, INTEGER, LONG, STRING

KINDS: dict[str, type[sa.types.TypeEngine]] = {
    STRING: sa.Text,
    INTEGER: sa.Integer,
    LONG: sa.BigInteger,
    DOUBLE: sa.Double,
}
BATCH = 20_000
"""Rows of a transaction."""


def rows_table(name: str, schema: str | None, shape: Shape) -> sa.Table:
    """Of one load, without an index: that is made when the rows are there."""
    of = {name: sa.JSON if name in AS_JSON else KINDS[str(kind)] for name, kind in shape.kinds.items()}
    made = [sa.Column(name, kind, nullable=name not in shape.key) for name, kind in of.items()]
    return sa.Table(name, sa.MetaData(), *made, schema=schema)


def put(engine: sa.Engine, table: sa.Table, rows: Iterable[pa.Table], key: Sequence[str]) -> int:
    """Write rows, some at a time, then the index by their key; returns how many the table holds.

    Raises:
        sqlalchemy.exc.IntegrityError: two rows have one key.
    """
    insert = _copy if engine.dialect.name == "postgresql" else _insert
    for group in rows:
        for start in range(0, len(group), BATCH):
            with engine.begin() as connection:
                insert(connection, table, group.slice(start, BATCH))
    with engine.begin() as connection:
        sa.Index(f"{table.name}_key", *(table.c[name] for name in key), unique=True).create(connection)
        connection.execute(sa.DDL("ANALYZE %(fullname)s").against(table))
        counted: int = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    return counted


def _insert(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    connection.execute(sa.insert(table), rows.select(table.columns.keys()).to_pylist())


def _copy(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    """As CSV: an absent value is empty, and everything else stands in quotes."""
    for name in set(AS_JSON) & set(rows.column_names):
        told = pa.array([None if one is None else json.dumps(one) for one in rows[name].to_pylist()], pa.string())
        rows = rows.set_column(rows.column_names.index(name), name, told)
    text = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="all_valid")
    pyarrow.csv.write_csv(rows.select(table.columns.keys()), text, options)
    text.seek(0)
    command = sa.DDL("COPY %(fullname)s FROM STDIN (FORMAT csv)").against(table).compile(connection)
    cursor = connection.connection.cursor()
    cursor.copy_expert(str(command), text)  # type: ignore[attr-defined]
