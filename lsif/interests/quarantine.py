"""Two jobs reject rows of one day, of events and of the catalogue: each replaces its own and keeps the other's."""

from collections.abc import Callable, Sequence

import pyarrow.compute as pc

from lsif.tables import Tables, Writer
from lsif.tables.shared import replace_own

CATALOGUE = "catalogue"
"""The `source` of the catalogue's rejected rows."""


def replace_rejects(tables: Tables, days: Sequence[str], of_catalogue: bool, write: Callable[[Writer], None]) -> None:
    """Replace the rejected rows of `days`, of the catalogue or of all event sources, as `replace_own` does."""
    replace_own(tables, "quarantine", days, (pc.field("source") == CATALOGUE) != of_catalogue, write)
