"""Three jobs reject rows of one day, of events, catalogue and users: each replaces its own and keeps the others'."""

from collections.abc import Callable, Sequence

import pyarrow.compute as pc

from lsif.errors import Superseded
from lsif.schema import DS, TABLES
from lsif.tables import Tables, Writer

CATALOGUE, USERS = LISTS = ("catalogue", "users")
"""The `source` of the rejected rows of what comes as a whole list."""

TRIES = 10


def replace_rejects(tables: Tables, days: Sequence[str], of: str | None, write: Callable[[Writer], None]) -> None:
    """Replace the rejected rows of `days`, of one of `LISTS` or, with None, of all event sources.

    Losing a race here only means that the other job's rows have to be carried over again.

    Args:
        write: writes our rows of `days` to the writer it is given; may be called again with a new one.
    """
    theirs = pc.field("source") != of if of else pc.field("source").isin(list(LISTS))
    for attempt in range(TRIES):
        writer = tables.writer("quarantine")
        write(writer)
        kept = tables.read("quarantine", days, filter=theirs)
        for ds in kept[DS].unique().to_pylist():
            writer.write(ds, kept.filter(pc.field(DS) == ds).select(list(TABLES["quarantine"].columns)))
        try:
            writer.commit()
            return
        except Superseded:
            if attempt == TRIES - 1:
                raise
