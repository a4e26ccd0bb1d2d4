"""DuckDB for more rows than memory holds: it reads streams and spills to disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"


@contextmanager
def engine() -> Iterator["duckdb.DuckDBPyConnection"]:
    """A connection of its own, gone with what it holds at the end of the block."""
    import duckdb

    with TemporaryDirectory() as spill, duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spill}) as sql:
        yield sql
