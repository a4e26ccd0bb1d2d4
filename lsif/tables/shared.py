"""A day that several steps write, each its own rows: whoever replaces its own carries the others' over."""

from collections.abc import Callable, Sequence

import pyarrow.compute as pc

from lsif.errors import Superseded
from lsif.table_schema import DS
from lsif.tables.read import Tables
from lsif.tables.write import Writer

TRIES = 10


def replace_own(
    tables: Tables, name: str, days: Sequence[str], theirs: pc.Expression, write: Callable[[Writer], None]
) -> None:
    """Replace our rows of `days` and keep those that `theirs` selects.

    Losing a race here only means that the other step's rows have to be carried over again.

    Args:
        write: writes our rows of `days` to the writer it is given; may be called again with a new one.
    """
    for attempt in range(TRIES):
        writer = tables.writer(name)
        write(writer)
        kept = tables.read(name, days, filter=theirs)
        for ds in kept[DS].unique().to_pylist():
            writer.write(ds, kept.filter(pc.field(DS) == ds).select(tables.schema(name).names))
        try:
            writer.commit()
            return
        except Superseded:
            if attempt == TRIES - 1:
                raise
