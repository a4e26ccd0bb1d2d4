"""How many took each item in some days, where no user counts for more than so many items."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before
from lsif.features.draw import chances
from lsif.features.elsewhere import DAYS
from lsif.features.ragged import Array, indices_in, positions
from lsif.tables import Tables


def counted_days(tables: Tables, ds: str) -> list[str]:
    """The days; fewer where the log is younger.

    Raises:
        MissingDays: one of them has no tile.
    """
    first = max(day_before(ds, DAYS - 1), min(tables.days("history_tiles"), default=ds))
    return tables.require_days("history_tiles", first, ds)


def takers(tables: Tables, ds: str, items: pa.Array, most: int) -> Array:
    """Users who took each of `items` in the `DAYS` days up to `ds` [N], int64, as `counted` counts them."""
    parts = tables.by_day("history_tiles", counted_days(tables, ds), ("user_id", "item_id"))
    return counted((rows for _, rows in parts), items, most, ds)


def counted(parts: Iterable[pa.Table], items: pa.Array, most: int, key: str) -> Array:
    """Distinct users of each of `items` [N] in rows of user_id and item_id, `most` items of a user at most.

    Which ones, is drawn by a hash of user, item and `key`, among those of `items` alone.
    """
    pairs = pa.concat_tables([_pairs(part, items) for part in parts]).group_by(["user_id", "item_id"]).aggregate([])
    owner = pc.rank(pairs["user_id"], tiebreaker="dense").to_numpy()
    both = pc.binary_join_element_wise(pairs["user_id"], pairs["item_id"], "\x1f").combine_chunks()
    order = np.lexsort((chances(both, f"takers {key}"), owner))
    bounded = order[positions(owner[order]) < most]
    return np.bincount(indices_in(pairs["item_id"], items)[bounded], minlength=len(items)).astype(np.int64)


def _pairs(part: pa.Table, items: pa.Array) -> pa.Table:
    texts = pa.table({name: pc.cast(part[name], pa.string()) for name in ("user_id", "item_id")})
    return texts.filter(pc.is_in(texts["item_id"], value_set=items))
