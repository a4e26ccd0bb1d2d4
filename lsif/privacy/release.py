"""What a day may show to others: how many took an item, and what lists are worth to groups of users; with noise."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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

EACH = 0.025
"""How often noise of a mean's sum, or of its users, may be beyond what its interval allows for: 5 % together."""
CUT = ("activity", "history_length")
"""Groups in thirds: one user more moves the cuts, and with them others from group to group."""
REST = "(other)"
"""Likewise where an attribute has too many values for groups of their own."""

Row = dict[str, Any]
Cell = tuple[str, str]
"""A list and a segment."""
Scores = Mapping[Cell, tuple[int, float]]
"""Users of a group, and the mean of a metric over them."""


@dataclass(frozen=True)
class Judged:
    """What is released of lists, as the settings say: how much noise it takes may not depend on who there is.

    Attributes:
        metric: mean over users between 0 and 1, as `ndcg@10`.
        lists: names.
        groups: dimensions that users are told apart by.
    """

    metric: str
    lists: Collection[str]
    groups: Collection[str]

    @property
    def segments(self) -> set[str]:
        """What begins the segments that are released: everybody, and one group of each dimension."""
        return {_dimension(ALL), *(f"{GROUPS}{name}" for name in self.groups if name not in CUT)}

    @property
    def of_a_user(self) -> int:
        """Cells that one user may be in."""
        return len(self.lists) * len(self.segments)


def release(tables: Tables, ds: str, epsilon: float, how: Differential, judged: Judged) -> tuple[int, int]:
    """Draw the noise of `ds` and replace the day of `released`; returns how many numbers there were, and are released.

    Args:
        epsilon: of all that is released of the day.

    Raises:
        MissingDays: a tile of the days that are counted is missing, or what lists were worth on `ds`.
        Superseded: somebody else released the day meanwhile.
    """
    writer = tables.writer(RELEASED)  # first: what it replaces is what was spent until now
    tables.require_days("metrics_daily", ds, ds)
    items, scores = _items_taken(tables, ds, how.user_items), _scores(tables, ds, judged)
    rows = of_items(items, epsilon / PARTS, how) + of_groups(scores, epsilon / PARTS, how, judged)
    for metric, value in ((EPSILON, epsilon), (DELTA, how.delta)):
        rows.append({"list": ANY_LIST, "metric": metric, "segment": ALL, "value": value + spent(tables, metric, [ds])})
    rows.sort(key=lambda row: (row["list"], row["metric"], row["segment"]))
    writer.write(ds, pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[RELEASED], with_ds=False)))
    return len(items) + len(scores), writer.commit()


def spent(tables: Tables, what: str = EPSILON, days: Sequence[str] | None = None) -> float:
    """Epsilon or delta of the releases of some days, by default all, together, for a user who is in each of them."""
    found = tables.read(RELEASED, days, ["value"], pc.field("metric") == what)
    return float(pc.sum(found["value"]).as_py() or 0)


def of_items(takers: Mapping[str, int], epsilon: float, how: Differential) -> list[Row]:
    """Rows of `released`: users who took each item, of items that enough took.

    Args:
        takers: item = users, no user in more than `user_items` of them.
        epsilon: of these rows.
    """
    found = noisy_groups(takers, epsilon, how.delta / THRESHOLDS, how.user_items)
    width = margin(epsilon, how.user_items)
    return [
        _row((ANY_LIST, f"{ITEM}{item}"), TAKERS, count - width, count, count + width)
        for item, count in found.items()
        if count >= how.min_users
    ]


def of_groups(scores: Scores, epsilon: float, how: Differential, judged: Judged) -> list[Row]:
    """Rows of `released`: users of each group that has enough of them, and the mean over them.

    Args:
        epsilon: of the users, and once more of the means.
    """
    most, of_means = judged.of_a_user, judged.of_a_user * (UNITS + 1)  # one more: a sum is rounded
    sizes = _sizes(scores, epsilon, how, most)
    sums = np.array([round(UNITS * math.prod(scores[cell])) for cell in sizes], np.int64)
    noisy = noisy_counts(sums, epsilon, of_means) / UNITS if sizes else sums
    around, of_sum = margin(epsilon, most), margin(epsilon, of_means, EACH) / UNITS
    of_users = margin(epsilon, most, EACH)
    rows = []
    for (cell, users), total in zip(sizes.items(), noisy, strict=True):
        rows.append(_row(cell, USERS, users - around, users, users + around))
        low, high = (total - of_sum) / (users + of_users), (total + of_sum) / max(users - of_users, 1)
        rows.append(_row(cell, f"{LSIF}.{judged.metric}", low, total / users, high, most=1.0))
    return rows


def _sizes(scores: Scores, epsilon: float, how: Differential, most: int) -> dict[Cell, int]:
    """Noisy users of the groups that have enough."""
    cells = {f"{name} {segment}": (name, segment) for name, segment in scores}  # names of lists have no spaces
    counts = {key: scores[cell][0] for key, cell in cells.items()}
    found = noisy_groups(counts, epsilon, how.delta / THRESHOLDS, most)
    return {cells[key]: users for key, users in found.items() if users >= how.min_users}


def _row(cell: Cell, metric: str, low: float, value: float, high: float, most: float = math.inf) -> Row:
    ends = {name: min(max(end, 0.0), most) for name, end in (("low", low), ("value", value), ("high", high))}
    return {"list": cell[0], "segment": cell[1], "metric": metric, **ends}


def _items_taken(tables: Tables, ds: str, most: int) -> dict[str, int]:
    """Users of each item that anybody took in the days up to `ds`, `most` items of a user at most."""
    parts = tables.by_day("history_tiles", counted_days(tables, ds), ["item_id"])
    items = pa.chunked_array([part["item_id"] for _, part in parts], pa.string()).unique()
    return dict(zip(items.to_pylist(), takers(tables, ds, items, most).tolist(), strict=True))


def _scores(tables: Tables, ds: str, judged: Judged) -> Scores:
    """Of the lists that are judged on `ds`, without groups that depend on who else there is."""
    wanted = (pc.field("metric") == f"{LSIF}.{judged.metric}") & pc.field("list").isin(list(judged.lists))
    rows: Sequence[Row] = tables.read("metrics_daily", [ds], filter=wanted).to_pylist()
    cut = {_dimension(row["segment"]) for row in rows if row["segment"].endswith(f"={REST}")}
    return {
        (row["list"], row["segment"]): (row["n"], row["value"])
        for row in rows
        if _dimension(row["segment"]) in judged.segments - cut
    }


def _dimension(segment: str) -> str:
    return segment.partition("=")[0]
