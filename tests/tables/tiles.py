"""Rows of `item_tiles`, the smallest table there is to try commits on."""

import pyarrow as pa

from lsif.tables import Tables


def tiles(tables: Tables, *ids: str | None) -> pa.Table:
    rows = [{"item_id": i, "events": 1, "baskets": 1, "buyers": 1, "weight": 1.0} for i in ids]
    return pa.Table.from_pylist(rows, schema=tables.schema("item_tiles"))


def put(tables: Tables, ds: str, *ids: str) -> int:
    """Replace a day; returns its version."""
    writer = tables.writer("item_tiles")
    writer.write(ds, tiles(tables, *ids))
    return writer.commit()
