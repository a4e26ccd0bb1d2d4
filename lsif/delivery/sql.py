"""A SQL database: a table for each load, a table of loads, and a view of the live one.

`NAME` is the view, `NAME_7` the rows of load 7, `NAME_loads` says which is what. The loads before the live one are
dropped but for the last: going back there is one switch.
"""

from collections.abc import Iterable
from contextlib import suppress

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql.ddl import DropView

from lsif.delivery.sql_rows import put, rows_table
from lsif.delivery.standing import Live, Load
from lsif.destinations import Shape
from lsif.errors import Superseded

LOADING, LIVE, PREVIOUS, OLD, DROPPED, GIVEN_UP = "loading", "live", "previous", "old", "dropped", "given up"
PATIENCE = "30s"
"""For readers who hold a table or the view that is to change; then the job is tried again."""


class SqlPlace:
    """One view in one database."""

    def __init__(self, engine: sa.Engine, view: str, shape: Shape) -> None:
        """
        Args:
            view: its name, with a schema before a point or not.
            shape: of the rows.
        """
        self._engine, self._shape = engine, shape
        schema, _, self._view = view.rpartition(".")
        self._schema = schema or None
        self._loads = _loads_table(self._view, self._schema)

    def live(self) -> Live | None:
        loads = self._loads.c
        with self._engine.connect() as connection:
            if not sa.inspect(connection).has_table(self._loads.name, self._schema):
                return None
            row = connection.execute(sa.select(self._loads).where(loads.state == LIVE)).one_or_none()
            newest = connection.execute(
                sa.select(sa.func.max(loads.ds)).where(loads.state.not_in([LOADING, GIVEN_UP]))
            ).scalar()
        return None if row is None else Live(row.number, row.load, row.ds, row.rows, newest or row.ds)

    def kept(self, load: Load) -> int | None:
        loads = self._loads.c
        with self._engine.connect() as connection:
            if not sa.inspect(connection).has_table(self._loads.name, self._schema):
                return None
            found = sa.select(loads.number).where(loads.load == load.id, loads.state == PREVIOUS)
            number: int | None = connection.execute(found).scalar()
            return number

    def begin(self, load: Load) -> int:
        self._loads.metadata.create_all(self._engine)
        with self._engine.begin() as connection:
            last = connection.execute(sa.select(sa.func.max(self._loads.c.number))).scalar()
            number = (last or 0) + 1
            row = {"number": number, "load": load.id, "ds": load.ds, "rows": 0, "state": LOADING}
            try:
                connection.execute(sa.insert(self._loads).values(row))
            except sa.exc.IntegrityError as error:
                raise Superseded(f"another delivery began at the same moment, as load {number}") from error
        self._rows(number).create(self._engine)
        return number

    def write(self, number: int, rows: Iterable[pa.Table]) -> int:
        return put(self._engine, self._rows(number), rows, self._shape.key)

    def switch(self, number: int, load: Load, rows: int | None, seen: Live | None) -> None:
        loads, change = self._loads.c, sa.update(self._loads)
        given = {"state": LIVE} if rows is None else {"state": LIVE, "rows": rows}
        with self._engine.begin() as connection:
            self._wait_a_while(connection)
            connection.execute(change.where(loads.state == PREVIOUS, loads.number != number).values(state=OLD))
            try:
                if seen:
                    was = loads.number == seen.number, loads.state == LIVE
                    _one(connection.execute(change.where(*was).values(state=PREVIOUS)).rowcount, seen.number)
                may = loads.number == number, loads.state.in_([LOADING, PREVIOUS])
                _one(connection.execute(change.where(*may).values(given)).rowcount, number)
            except sa.exc.IntegrityError as error:  # of the index: one is live at the most
                raise Superseded("another delivery was first: its load is live") from error
            self._show(connection, number, load)

    def discard(self, number: int) -> None:
        self._drop(self._loads.c.number == number)

    def sweep(self, live: int) -> None:
        loads = self._loads.c
        self._drop(sa.and_(loads.number < live, loads.state.in_([OLD, LOADING])))

    def _drop(self, which: sa.ColumnElement[bool]) -> None:
        """Each in a transaction; what somebody still reads waits for the next delivery."""
        state = sa.case((self._loads.c.state == LOADING, GIVEN_UP), else_=DROPPED)
        with self._engine.connect() as connection:
            numbers = connection.execute(sa.select(self._loads.c.number).where(which)).scalars().all()
        for number in numbers:
            with suppress(sa.exc.OperationalError), self._engine.begin() as connection:
                self._wait_a_while(connection)
                self._rows(number).drop(connection, checkfirst=True)
                connection.execute(sa.update(self._loads).where(self._loads.c.number == number).values(state=state))

    def _show(self, connection: sa.Connection, number: int, load: Load) -> None:
        """Where the columns are what they were the view is replaced, and whoever may read it still may."""
        shown = sa.select(self._rows(number), sa.cast(sa.literal(load.ds), sa.Text).label("ds"))
        inspector = sa.inspect(connection)
        there = self._view in inspector.get_view_names(self._schema)
        names = [column["name"] for column in inspector.get_columns(self._view, self._schema)] if there else []
        replaced = connection.dialect.name == "postgresql" and names == [
            column.name for column in shown.selected_columns
        ]
        if there and not replaced:
            connection.execute(DropView(sa.Table(self._view, sa.MetaData(), schema=self._schema)))
        connection.execute(sa.CreateView(shown, self._view, schema=self._schema, or_replace=replaced))

    def _rows(self, number: int) -> sa.Table:
        return rows_table(f"{self._view}_{number}", self._schema, self._shape)

    def _wait_a_while(self, connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.set_config("lock_timeout", PATIENCE, True)))
        elif connection.dialect.name == "sqlite":  # whose file keeps the rows of what was dropped
            connection.execute(sa.text("PRAGMA secure_delete = ON"))


def _one(changed: int, number: int) -> None:
    if changed != 1:
        raise Superseded(f"another delivery was first: load {number} is not what it was")


def _loads_table(view: str, schema: str | None) -> sa.Table:
    table = sa.Table(
        f"{view}_loads",
        sa.MetaData(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("load", sa.Text, nullable=False),
        sa.Column("ds", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        schema=schema,
    )
    is_live = table.c.state == LIVE
    sa.Index(f"{view}_live", table.c.state, unique=True, postgresql_where=is_live, sqlite_where=is_live)
    return table
