"""DuckDB for more rows than memory holds: it reads streams and spills to disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import duckdb
    import pyarrow.dataset as pads

MEMORY = "1GB"
SOME = 2**16
"""Users whose rows are looked at together: some four million rows of three lists of twenty."""


@contextmanager
def engine() -> Iterator["duckdb.DuckDBPyConnection"]:
    """A connection of its own, gone with what it holds at the end of the block."""
    import duckdb

    with TemporaryDirectory() as spill, duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spill}) as sql:
        yield sql


def some_after_others(
    rows: "pa.Table | pads.Dataset", users: pa.Array
) -> Iterator[tuple[pa.Array, "pa.Table | pads.Dataset"]]:
    """Users (sorted), and their rows: those of nobody that is known, too, wherever their ids stand.

    What is joined or counted by user does not always spill, and what does takes longer.
    """
    ids = pc.field("user_id")
    for start in range(0, max(len(users), 1), SOME):
        of, before, after = users.slice(start, SOME), start == 0, start + SOME >= len(users)
        above = pc.scalar(True) if before else ids >= of[0]
        below = pc.scalar(True) if after else ids < users[start + SOME]
        inside = (above & below) | ids.is_null() if before else above & below
        yield of, rows if before and after else rows.filter(inside)


def users_in(sql: "duckdb.DuckDBPyConnection", table: str) -> pa.Array:
    """Distinct `user_id` of a table of the engine, sorted."""
    found = sql.sql(f"SELECT DISTINCT user_id FROM {table} WHERE user_id IS NOT NULL ORDER BY user_id")
    return found.to_arrow_table()["user_id"].combine_chunks()
