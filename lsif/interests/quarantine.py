"""Three jobs reject rows of one day, of events, catalogue and users: each replaces its own and keeps the others'."""

from collections.abc import Callable, Sequence

import pyarrow.compute as pc

from lsif.tables import Tables, Writer
from lsif.tables.shared import replace_own

CATALOGUE, USERS = LISTS = ("catalogue", "users")
"""The `source` of the rejected rows of what comes as a whole list."""


def replace_rejects(tables: Tables, days: Sequence[str], of: str | None, write: Callable[[Writer], None]) -> None:
    """Replace the rejected rows of `days`, of one of `LISTS` or, with None, of all event sources; as `replace_own`."""
    theirs = pc.field("source") != of if of else pc.field("source").isin(list(LISTS))
    replace_own(tables, "quarantine", days, theirs, write)
