"""How many took each item in other houses too, for items that nobody here ever had (`docs/privacy.md`)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before
from lsif.features.ragged import Array, indices_in
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

SHARED = "shared_popularity"
DAYS = 7
"""Days of which users are counted, and days from that of a sum for which it holds."""


def no_counts() -> pa.Table:
    """No rows of `shared_popularity`."""
    return arrow_schema(TABLES[SHARED]).empty_table()


def shared_counts(tables: Tables, ds: str) -> pa.Table:
    """The sum that holds at `ds`: the newest of the `DAYS` days up to it; no rows where there is none."""
    return tables.read(SHARED, _day(tables, ds))


def shared_inputs(tables: Tables, ds: str) -> dict[str, str]:
    """Its fingerprint; nothing where there is none, so that a night without sums is the night that it was."""
    return tables.fingerprints(SHARED, _day(tables, ds))


def _day(tables: Tables, ds: str) -> list[str]:
    return tables.days(SHARED, first=day_before(ds, DAYS - 1), last=ds)[-1:]


def expected_here(counts: pa.Table, item_ids: pa.Array, users: Array, new_users: Array) -> Array:
    """Users a day of whom each item would be the first of its kind here, if it were taken as elsewhere [V].

    Nought for an item that anybody here ever had, or that no sum counts. The others' counts are brought to this house's
    size by the items that both know.

    Args:
        counts: rows of `shared_popularity`.
        users: who ever had each item here [V].
        new_users: who took it for the first time in the last `DAYS` days [V].
    """
    at = indices_in(item_ids, pc.cast(counts["item_id"], pa.string()).combine_chunks())
    elsewhere = np.append(counts["count"].to_numpy(), 0)[at].astype(np.float64)
    both = elsewhere * (users > 0)
    size = new_users[both > 0].sum() / max(both.sum(), 1.0)
    expected: Array = np.where(users > 0, 0.0, elsewhere * size / DAYS)
    return expected
