"""A delivery beside those before it, part by part: each source's events, each category's items.

What is lost of one part may be little of the whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

from lsif.bounds import Bound, Drift
from lsif.checks import Check, within
from lsif.days import day_before
from lsif.tables import Tables

SECTION = "checks.drift"
WEEKS = 4
"""Weeks back whose same weekday says what is usual."""
FEWEST = 2
"""Such days, without which nobody knows."""
ENOUGH_EVENTS, ENOUGH_ITEMS = 100, 20
"""Below which a drop may be chance."""


def source_checks(tables: Tables, ds: str, delivered: pa.Table, bounds: Drift) -> list[Check]:
    """Of the source that fell most below its usual events; none where no source has a past to speak of.

    Args:
        delivered: `source` of the events that came for `ds`.
    """
    weekdays = [day_before(ds, 7 * week) for week in range(1, WEEKS + 1)]
    there = sorted(set(tables.days("events", weekdays[-1], weekdays[0])).intersection(weekdays))
    if len(there) < FEWEST:
        return []
    before = [_counts(tables.scan("events", [day]).to_batches(columns=["source"]), "source") for day in there]
    usual = {name: median(day[name] for day in before) for name in set().union(*before)}
    now = _counts(delivered.to_batches(), "source")
    sentence = "source {name}: {now:,} events, where {before:,.0f} are usual on that weekday"
    return _most_fallen("source_drop", usual, now, ENOUGH_EVENTS, bounds.source_drop, sentence)


def category_checks(before: pa.Table, now: pa.Table, bounds: Drift) -> list[Check]:
    """Of the category that lost most of its items.

    Args:
        before, now: `category` of the items of two catalogues.
    """
    had, has = (_counts(rows.select(["category"]).to_batches(), "category") for rows in (before, now))
    sentence = "category {name}: {now:,} items after {before:,} before"
    return _most_fallen("category_drop", had, has, ENOUGH_ITEMS, bounds.category_drop, sentence)


def _most_fallen(
    check: str, before: Mapping[str, float], now: Mapping[str, int], enough: int, bound: Bound, sentence: str
) -> list[Check]:
    """The check of what fell most, as a share; of two that fell as far the first by name."""
    fallen = [(1 - now.get(name, 0) / many, name) for name, many in before.items() if many >= enough]
    if not fallen:
        return []
    drop, name = min(fallen, key=lambda one: (-one[0], one[1]))
    said = sentence.format(name=name, now=now.get(name, 0), before=before[name])
    return [within(check, max(drop, 0.0), bound, said, SECTION)]


def _counts(batches: Iterable[pa.RecordBatch], column: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for batch in batches:
        for row in pc.value_counts(batch[column].drop_null()).to_pylist():
            counted[row["values"]] += row["counts"]
    return counted
