"""Several lists held against the same truth, for the same users, in one table."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif.evaluation.intervals import Interval, interval
from lsif.evaluation.metrics import Floats, Judged, judged, per_user

Comparison = list[dict[str, Any]]
"""One row per list, metric and contender: list, metric (as `ndcg@10`), contender, value, low, high, gain, gain_low,
gain_high, n."""


def successes(events: pa.Table, types: Sequence[str] | None) -> pa.Table:
    """What a list is to foresee: events of positive weight, of all types or of those that `training.targets` names."""
    wanted = pc.field("weight") > 0
    return events.filter(wanted if types is None else wanted & pc.field("event_type").isin(types))


def truth_from(events: pa.Table, after: str | None = None) -> pa.Table:
    """Distinct (user_id, item_id) with an event of positive weight; items nobody knew yet stay in, as misses.

    Args:
        after: leave out what happened by the end of this day and only arrived later.
    """
    positive = pc.field("weight") > 0
    if after is not None:
        positive = positive & (pc.field("event_time") >= pa.scalar(_midnight_after(after), pa.timestamp("us", "UTC")))
    return (
        events.filter(positive)
        .select(["user_id", "item_id"])
        .drop_null()
        .group_by(["user_id", "item_id"])
        .aggregate([])
    )


def judged_users(eligible: pa.Array, truth: pa.Table) -> list[str]:
    """Users who could be given a list and did something afterwards, sorted."""
    active = pc.unique(truth["user_id"].combine_chunks())
    return sorted(active.filter(pc.is_in(active, value_set=eligible)).to_pylist())


def compare(
    name: str, contenders: Mapping[str, pa.Table], truth: pa.Table, users: list[str], cuts: Sequence[int], seed: int
) -> Comparison:
    """Every metric of every contender for one list at every cut; `gain` is the first one's lead, paired by user.

    Args:
        name: of the list.
        contenders: name → (user_id, rank, item_id); the first one is under test.
        cuts: list lengths, such as (10, 20).
    """
    marks = {contender: judged(table, truth, users, max(cuts)) for contender, table in contenders.items()}
    return compared(name, marks, cuts, seed)


def compared(name: str, contenders: Mapping[str, Judged], cuts: Sequence[int], seed: int) -> Comparison:
    """`compare` of lists that are marked for the same users, at least to the longest of `cuts`."""
    values = {
        contender: {f"{metric}@{k}": value for k in cuts for metric, value in per_user(marks, k).items()}
        for contender, marks in contenders.items()
    }
    tested = next(iter(values.values()))
    return [
        {"list": name, **_row(metric, contender, ours, tested[metric], seed)}
        for contender, metrics in values.items()
        for metric, ours in metrics.items()
    ]


def as_text(comparison: Comparison) -> str:
    """A small table for a log: lists and their contenders down, metrics across, each with half of its interval."""
    metrics = list(dict.fromkeys(row["metric"] for row in comparison))
    cells = {
        (row["list"], row["contender"], row["metric"]): f"{row['value']:.4f} ±{(row['high'] - row['low']) / 2:.4f}"
        for row in comparison
    }
    lines = [f"{'list':<12}{'':<16}" + "".join(f"{metric:>17}" for metric in metrics)]
    for name, contender in dict.fromkeys((row["list"], row["contender"]) for row in comparison):
        found = "".join(f"{cells[name, contender, metric]:>17}" for metric in metrics)
        lines.append(f"{name:<12}{contender:<16}{found}")
    return "\n".join(lines)


def _row(metric: str, name: str, values: Floats, tested: Floats, seed: int) -> dict[str, Any]:
    own, gain = interval(values, seed), interval(tested - values, seed)
    return {"metric": metric, "contender": name, **_named("", own), **_named("gain", gain), "n": len(values)}


def _midnight_after(ds: str) -> datetime:
    return datetime.combine(date.fromisoformat(ds) + timedelta(days=1), time(), UTC)


def _named(prefix: str, of: Interval) -> dict[str, float]:
    if prefix:
        return {prefix: of.mean, f"{prefix}_low": of.low, f"{prefix}_high": of.high}
    return {"value": of.mean, "low": of.low, "high": of.high}
