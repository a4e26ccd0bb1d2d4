"""Items and users as the expressions of rules see them: our columns, attributes and numbers by their names, the day."""

from datetime import date

import numpy as np
import pyarrow as pa

from lsif.features.ragged import Array, by_name, indices_in
from lsif.rule_columns import DS, ITEMS


def item_rows(items: pa.Table, item_ids: pa.Array, ds: str) -> pa.Table:
    """A row for each of `item_ids`, of rows of the table `items`; nothing of an item that is not there."""
    ours = {name: items[name].cast(kind) for name, kind in ITEMS.items()}
    return _rows_of(items, ("attributes", "numbers"), {"item_id": items["item_id"], **ours}, item_ids, ds)


def user_rows(said: pa.Table, user_ids: pa.Array, ds: str) -> pa.Table:
    """A row for each of `user_ids`, of rows of the table `users`."""
    ours = {"user_id": said["user_id"], "opt_out": said["opt_out"]}
    return _rows_of(said, ("attributes",), ours, user_ids, ds)


def column(name: str, rows: pa.Table) -> pa.ChunkedArray:
    """The values of one column; nothing where the settings name it and tonight nobody has it."""
    return rows[name] if name in rows.column_names else pa.chunked_array([pa.nulls(len(rows), pa.string())])


def holds(expression: str, rows: pa.Table) -> Array:
    """Whether an expression of the settings is true of each row [n].

    Raises:
        LsifError: it fails on what a row holds.
    """
    from lsif.expressions import columns_of, values  # and DuckDB, which who has no rules does not wait for

    there = set(map(str.lower, rows.column_names))
    for name in {name.lower(): name for name in columns_of(expression)}.values():
        if name.lower() not in there:  # the settings name it, and tonight nobody has it
            rows = rows.append_column(name, pa.nulls(len(rows), pa.string()))
    return np.asarray(values(expression, rows))


def _rows_of(
    table: pa.Table, pairs: tuple[str, ...], ours: dict[str, pa.ChunkedArray], ids: pa.Array, ds: str
) -> pa.Table:
    named = {name: column for part in pairs for name, column in by_name(table[part]).items()}
    (key, known), *_ = ours.items()
    at = indices_in(ids, known.cast(pa.string()).combine_chunks())
    rows = pa.table({**named, **ours}).take(pa.array(at, mask=at < 0))
    rows = rows.set_column(rows.column_names.index(key), key, ids)
    return rows.append_column(DS, pa.repeat(pa.scalar(date.fromisoformat(ds), pa.date32()), len(rows)))
