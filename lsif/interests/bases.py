"""When a new base is due, and which tiles it is made of."""

from collections.abc import Mapping

import pyarrow.compute as pc

from lsif.schema import DS
from lsif.tables import Tables

GROWTH = 4
"""A new base is due when the tiles since the last one hold more than a quarter of the rows before it."""


def base_days(rows: Mapping[str, int]) -> list[str]:
    """Days on which a base is due, from the rows of each day's tile alone.

    The first tile makes the first base; then each base holds a quarter more than the one before, so that the cost of
    all bases together grows with the log and a night's share of it does not.

    >>> base_days({"2017-01-01": 8, "2017-01-02": 1, "2017-01-03": 1, "2017-01-04": 1, "2017-01-05": 1})
    ['2017-01-01', '2017-01-04']
    """
    due, held, since = [], 0, 0
    for ds in sorted(rows):
        since += rows[ds]
        if since * GROWTH > held:
            due.append(ds)
            held, since = held + since, 0
    return due


def tile_rows(tables: Tables, last: str) -> dict[str, int]:
    """Rows of each day's history tile up to `last`; an empty day has none."""
    counted = pc.value_counts(tables.read("history_tiles", columns=[DS])[DS]).to_pylist()
    rows = {entry["values"]: entry["counts"] for entry in counted}
    return {ds: rows.get(ds, 0) for ds in tables.days("history_tiles", last=last)}
