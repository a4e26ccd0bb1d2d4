"""The only storage code: Delta tables under one root, local or on an object store.

Writers (Spark or Arrow) put Parquet files under fresh names inside the table; one Delta commit makes them visible, all
or none. A writer keeps the table handle it opened at its start, so that a partition somebody else replaced in between
is a conflict and never a silent overwrite; an application transaction per `ds` makes the same true of two first
writers of a new day.
"""

from lsif.tables.read import Tables
from lsif.tables.staged import Staged
from lsif.tables.write import Writer

__all__ = ["Staged", "Tables", "Writer"]
