"""What a day may show to others: how many took an item, and what lists are worth to groups of users; with noise."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.differential import Differential
from lsif.evaluation.feedback import ALL, ANY_LIST
from lsif.evaluation.gate import LSIF
from lsif.features.elsewhere import DAYS
from lsif.privacy.noise import GROUPS, margin, noisy_counts, noisy_groups
from lsif.privacy.takers import counted_days, takers
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

RELEASED = "released"
TAKERS, USERS, ITEM = f"takers_{DAYS}d", "users", "item="
EPSILON, DELTA = "epsilon", "delta"
"""Rows that say what the others of the day are private by."""
PARTS = 3
"""Of epsilon, one each: for items, for how many users groups have, and for what lists are worth to them."""
THRESHOLDS = 2
"""Of delta, one each: for names of items and of groups."""
UNITS = 1_000
"""Whole numbers that a user's score between 0 and 1 is summed in: noise on fractions is not private (Mironov, 2012)."""

CUT = ("user.activity", "user.history_length")
"""Groups in thirds: one user more moves the cuts, and with them others from group to group."""
REST = "(other)"
"""Likewise where an attribute has too many values for groups of their own."""

Row = dict[str, Any]
Cell = tuple[str, str]
"""A list and a segment."""


def release(tables: Tables, ds: str, epsilon: float, how: Differential, metric: str) -> tuple[int, int]:
    """Draw the noise of `ds` and replace the day of `released`; returns how many numbers there were, and are released.

    Args:
        epsilon: of all that is released of the day.
        metric: mean over users between 0 and 1 that lists are judged by, as `ndcg@10`.

    Raises:
        MissingDays: a tile of the days that are counted is missing.
    """
    items, scores = _items_taken(tables, ds, how.user_items), _scores(tables, ds, metric)
    rows = of_items(items, epsilon / PARTS, how) + of_groups(scores, epsilon / PARTS, how, metric)
    rows += [_exact(EPSILON, epsilon + spent(tables, [ds])), _exact(DELTA, how.delta)]
    rows.sort(key=lambda row: (row["list"], row["metric"], row["segment"]))
    writer = tables.writer(RELEASED)
    writer.write(ds, pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[RELEASED], with_ds=False)))
    return len(items) + len(scores), writer.commit()


def spent(tables: Tables, days: Sequence[str] | None = None) -> float:
    """Epsilon of the releases of some days, by default all of the home, together, for a user who is in each of them."""
    found = tables.read(RELEASED, days, ["value"], pc.field("metric") == EPSILON)
    return float(pc.sum(found["value"]).as_py() or 0)


def of_items(takers: Mapping[str, int], epsilon: float, how: Differential) -> list[Row]:
    """Rows of `released`: users who took each item, of items that enough took.

    Args:
        takers: item = users, no user in more than `user_items` of them.
        epsilon: of these rows.
    """
    delta = how.delta / THRESHOLDS
    found = noisy_groups(takers, epsilon, delta, how.user_items)
    width = margin(epsilon, how.user_items)
    return [
        _row(ANY_LIST, TAKERS, f"{ITEM}{item}", count, count - width, count + width)
        for item, count in found.items()
        if count >= how.min_users
    ]


def of_groups(scores: Mapping[Cell, tuple[int, float]], epsilon: float, how: Differential, metric: str) -> list[Row]:
    """Rows of `released`: users of each group that has enough of them, and the mean of `metric` over them.

    Args:
        scores: list and segment = users and their mean. A user is in one segment of a dimension.
        epsilon: of the users, and once more of the means.
    """
    delta = how.delta / THRESHOLDS
    most = len({(name, _dimension(segment)) for name, segment in scores})
    names = {"\x1f".join(cell): cell for cell in scores}
    sizes = noisy_groups({name: scores[cell][0] for name, cell in names.items()}, epsilon, delta, max(most, 1))
    sizes = {name: size for name, size in sizes.items() if size >= how.min_users}
    sums = np.array([round(UNITS * math.prod(scores[names[name]])) for name in sizes], np.int64)
    noisy = noisy_counts(sums, epsilon, most * (UNITS + 1)) if sizes else sums
    rows = []
    for (name, size), total in zip(sizes.items(), noisy, strict=True):
        around, of_sum = margin(epsilon, most), margin(epsilon, most * (UNITS + 1), 0.025) / UNITS
        rows.append(_row(names[name][0], USERS, names[name][1], size, size - around, size + around))
        rows.append(_mean(names[name], metric, float(total) / UNITS, of_sum, size, margin(epsilon, most, 0.025)))
    return rows


def _mean(cell: Cell, metric: str, total: float, of_sum: float, users: int, of_users: float) -> Row:
    """A mean of two noisy numbers; each end has the worse end of both, which are left with a chance of 5 % together."""
    low, high = (total - of_sum) / (users + of_users), (total + of_sum) / max(users - of_users, 1)
    ends = sorted(min(max(value, 0.0), 1.0) for value in (low, total / users, high))
    return _row(*cell[:1], f"{LSIF}.{metric}", cell[1], ends[1], ends[0], ends[2])


def _exact(metric: str, value: float) -> Row:
    return {"list": ANY_LIST, "metric": metric, "segment": ALL, "value": value}


def _row(name: str, metric: str, segment: str, value: float, low: float, high: float) -> Row:
    return {"list": name, "metric": metric, "segment": segment, "value": value, "low": max(low, 0.0), "high": high}


def _items_taken(tables: Tables, ds: str, most: int) -> dict[str, int]:
    """Users of each item that anybody took in the days up to `ds`, `most` items of a user at most."""
    parts = tables.by_day("history_tiles", counted_days(tables, ds), ["item_id"])
    items = pa.chunked_array([part["item_id"] for _, part in parts], pa.string()).unique()
    return dict(zip(items.to_pylist(), takers(tables, ds, items, most).tolist(), strict=True))


def _scores(tables: Tables, ds: str, metric: str) -> dict[Cell, tuple[int, float]]:
    """Users and mean of each list for everybody and each group, of the lists that are judged on `ds`.

    Without groups that depend on who else there is.
    """
    wanted = pc.field("metric") == f"{LSIF}.{metric}"
    wanted &= (pc.field("segment") == ALL) | pc.starts_with(pc.field("segment"), GROUPS)
    rows: Sequence[Row] = tables.read("metrics_daily", [ds], filter=wanted).to_pylist()
    cut = {*CUT, *(_dimension(row["segment"]) for row in rows if row["segment"].endswith(f"={REST}"))}
    return {
        (row["list"], row["segment"]): (row["n"], row["value"]) for row in rows if _dimension(row["segment"]) not in cut
    }


def _dimension(segment: str) -> str:
    return segment.partition("=")[0]
