"""Merged arrays as rows of the table `long_term_histories`."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.interests.arrays import Codes, Floats, as_lists, as_structs, codes, column, run_starts
from lsif.interests.merging import History
from lsif.table_schema import DS


def as_table(history: History, catalogue: pa.Table, ds: str) -> pa.Table:
    """Rows of the table `long_term_histories` with `ds`; categories as `catalogue` has them."""
    first = run_starts(history.user)
    return pa.table(
        {
            "user_id": history.user_ids,
            "n_events": np.add.reduceat(history.n, first),
            "first_day": _dates(np.minimum.reduceat(history.first_day, first)),
            "items": _items(history),
            "categories": _categories(history, catalogue),
            DS: pa.repeat(ds, len(history.user_ids)),
        }
    )


def items_by_user(history: History) -> pa.Table:
    """`user_id` and `items` of those rows."""
    return pa.table({"user_id": history.user_ids, "items": _items(history)})


def _items(history: History) -> pa.Array:
    rows = as_structs(
        item_id=history.item_ids.take(history.item),
        n=pa.array(history.n),
        weights=_vectors(history.weights),
        first_day=_dates(history.first_day),
        last_days=pa.ListArray.from_arrays(_offsets(history.lengths), _dates(history.days)),
    )
    return as_lists(rows, history.user, len(history.user_ids))


def _categories(history: History, catalogue: pa.Table) -> pa.Array:
    """Sums over each user's items of one category, never stored apart from the items that they follow from."""
    category = column(catalogue, "category").take(pc.index_in(history.item_ids, column(catalogue, "item_id")))
    names, code = codes(category.drop_null())
    of_item = np.full(len(history.item_ids), -1)
    of_item[category.is_valid().to_numpy(zero_copy_only=False)] = code
    known = of_item[history.item] >= 0
    key = history.user[known] * np.int64(max(len(names), 1)) + of_item[history.item][known]
    order = np.argsort(key, kind="stable")
    starts = run_starts(key[order])
    user, category_code = np.divmod(key[order][starts], max(len(names), 1))
    rows = as_structs(
        category=names.take(category_code),
        n=pa.array(np.add.reduceat(history.n[known][order], starts)),
        weights=_vectors(np.add.reduceat(history.weights[known][order], starts, axis=0)),
    )
    return as_lists(rows, user, len(history.user_ids))


def _vectors(matrix: Floats) -> pa.Array:
    rows, width = matrix.shape
    return pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32) * np.int32(width), matrix.ravel())


def _offsets(lengths: Codes) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))


def _dates(days: Codes) -> pa.Array:
    return pa.array(days).cast(pa.date32())
