"""Several lists held against the same truth, for the same users, in one table."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lsif.evaluation.intervals import Interval, interval
from lsif.evaluation.metrics import Floats, judged, per_user

Comparison = list[dict[str, str | float | int]]
"""One row per metric and list: metric (as `ndcg@10`), list, value, low, high, gain, gain_low, gain_high, n."""


def truth_from(events: pa.Table, weights: Mapping[str, float] | None = None) -> pa.Table:
    """Distinct (user_id, item_id) with an event of positive weight; items nobody knew yet stay in, as misses."""
    positive = events.filter(pc.field("weight") > 0).select(["user_id", "item_id"])
    return positive.drop_null().group_by(["user_id", "item_id"]).aggregate([])


def judged_users(eligible: pa.Array, truth: pa.Table) -> list[str]:
    """Users who could be given a list and did something afterwards, sorted."""
    active = pc.unique(truth["user_id"].combine_chunks())
    return sorted(active.filter(pc.is_in(active, value_set=eligible)).to_pylist())


def compare(
    lists: Mapping[str, pa.Table], truth: pa.Table, users: list[str], cuts: Sequence[int], seed: int
) -> Comparison:
    """Every metric of every list at every cut; `gain` is the first list's lead over each other, paired by user.

    Args:
        lists: name → (user_id, rank, item_id); the first one is the list under test.
        cuts: list lengths, such as (10, 20).
    """
    values = {name: _values(table, truth, users, cuts) for name, table in lists.items()}
    tested = next(iter(values.values()))
    return [
        _row(metric, name, ours, tested[metric], seed)
        for name, metrics in values.items()
        for metric, ours in metrics.items()
    ]


def _values(table: pa.Table, truth: pa.Table, users: list[str], cuts: Sequence[int]) -> dict[str, Floats]:
    marks = judged(table, truth, users, max(cuts))
    return {f"{name}@{k}": value for k in cuts for name, value in per_user(marks, k).items()}


def _row(metric: str, name: str, values: Floats, tested: Floats, seed: int) -> dict[str, str | float | int]:
    own, gain = interval(values, seed), interval(tested - values, seed)
    return {"metric": metric, "list": name, **_named("", own), **_named("gain", gain), "n": len(values)}


def _named(prefix: str, of: Interval) -> dict[str, float]:
    if prefix:
        return {prefix: of.mean, f"{prefix}_low": of.low, f"{prefix}_high": of.high}
    return {"value": of.mean, "low": of.low, "high": of.high}
