"""The three tiles of one day as arrays: what `long_term.py` says in Spark, at a tenth of the cost where a day fits.

E events, P of them of positive weight and with an item.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import MICROS_OF_DAY
from lsif.interests.arrays import Floats, Ints, as_structs, codes, column, numbers, run_starts
from lsif.interests.long_term import DECIMALS
from lsif.interests.merging import groups_of
from lsif.outcomes import IMPRESSION
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

COLUMNS = ["user_id", "item_id", "event_type", "event_time", "weight"]
"""What tiles are made of."""

EXACT = 2.0**22
"""Below it a float times a billion is told from its neighbours."""


def tiles_of_day(events: pa.Table) -> dict[str, pa.Table]:
    """Rows of `history_tiles`, `user_tiles` and `item_tiles`, sorted by key, of one day of arrival.

    Args:
        events: `COLUMNS` of the table `events`; at most some million rows, else products of codes overflow.
    """
    events = events.filter(pc.field("event_type") != IMPRESSION)
    users, user = codes(column(events, "user_id"))
    weight = numbers(column(events, "weight"), np.float64)
    moment = numbers(column(events, "event_time").cast(pa.int64()), np.int64)
    positive = weight > 0
    counts = {"events": np.bincount(user, minlength=len(users)), "baskets": _distinct(user, moment, positive, users)}
    made = {"user_tiles": {"user_id": users, **counts}}
    rows = positive & column(events, "item_id").is_valid().to_numpy(zero_copy_only=False)
    chosen = events.filter(pa.array(rows))
    items, item = codes(column(chosen, "item_id"))
    of_user, when, worth = user[rows], moment[rows], weight[rows]
    made["item_tiles"] = {"item_id": items, **_of_items(item, of_user, when, worth, (len(items), len(users)))}
    made["history_tiles"] = _of_histories(items, item, users, of_user, when, worth, column(chosen, "event_type"))
    return {name: pa.table(rows).cast(arrow_schema(TABLES[name], with_ds=False)) for name, rows in made.items()}


def rounded(sums: npt.NDArray[Any]) -> Floats:
    """To `DECIMALS`, half up as Spark does, so that one machine and a cluster write the same bytes."""
    scaled = sums * 10.0**DECIMALS
    near = np.rint(scaled) / 10.0**DECIMALS
    doubtful = (np.abs(sums) >= EXACT) | (np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < 1e-3)
    for place in np.flatnonzero(doubtful):
        exact = Decimal(repr(float(sums[place]))).quantize(Decimal(1).scaleb(-DECIMALS), ROUND_HALF_UP)
        near[place] = float(exact)
    return near


def _distinct(user: Ints, moment: Ints, among: npt.NDArray[np.bool_], users: pa.Array) -> Ints:
    """Distinct times of each user [U]."""
    times, time = groups_of(moment[among])
    pairs = groups_of(user[among] * max(len(times), 1) + time)[0]
    return np.bincount(pairs // max(len(times), 1), minlength=len(users))


def _of_items(item: Ints, user: Ints, moment: Ints, weight: Floats, size: tuple[int, int]) -> dict[str, Any]:
    items, users = size
    times, time = groups_of(moment)
    pair, of_pair = groups_of(item * users + user)
    basket, of_basket = groups_of(of_pair * max(len(times), 1) + time)
    basket_pair, pair_item = basket // max(len(times), 1), pair // max(users, 1)
    # Rounded at each step, as the small steps of Spark are.
    by_basket = rounded(np.bincount(of_basket, weight, len(basket)))
    by_pair = rounded(np.bincount(basket_pair, by_basket, len(pair)))
    return {
        "events": np.bincount(item, minlength=items),
        "baskets": np.bincount(pair_item[basket_pair], minlength=items),
        "buyers": np.bincount(pair_item, minlength=items),
        "weight": rounded(np.bincount(pair_item, by_pair, items)),
    }


def _of_histories(
    items: pa.Array, item: Ints, users: pa.Array, user: Ints, moment: Ints, weight: Floats, event_type: pa.Array
) -> dict[str, Any]:
    kinds, kind = codes(event_type)
    day = moment // MICROS_OF_DAY
    first, width = int(day.min(initial=0)), max(len(kinds), 1)
    span = int(day.max(initial=first)) - first + 1
    keys, group = groups_of(((user * max(len(items), 1) + item) * span + day - first) * width + kind)
    pair = keys // (span * width)
    starts = run_starts(pair)
    entries = as_structs(
        day=pa.array((keys // width % span + first).astype(np.int32)).cast(pa.date32()),
        event_type=kinds.take(pa.array(keys % width)),
        n=pa.array(np.bincount(group, minlength=len(keys))),
        weight=pa.array(rounded(np.bincount(group, weight, len(keys)))),
    )
    who, what = np.divmod(pair[starts], max(len(items), 1))
    offsets = pa.array(np.append(starts, len(keys)).astype(np.int32))
    return {
        "user_id": users.take(pa.array(who)),
        "item_id": items.take(pa.array(what)),
        "days": pa.ListArray.from_arrays(offsets, entries),
    }
