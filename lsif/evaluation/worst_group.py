"""Groups of users in `metrics_daily`, and the worst of them beside everybody."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from lsif.bounds import Bound
from lsif.checks import Check, within
from lsif.evaluation.by_group import JUDGED_BY, OfGroup
from lsif.evaluation.feedback import ALL, METRICS


def group_rows(found: Sequence[OfGroup], contender: str) -> pa.Table:
    """Rows of `metrics_daily`: each group's, as `lsif.ndcg@10`, and of each dimension the worst group's share of
    everybody's, as `worst_group.ndcg@10`. Everybody's own row is that of the comparison."""
    rows = []
    for one in found:
        if one.segment != ALL:
            low, high = one.interval
            rows.append(_row(one, f"{contender}.{one.metric}", one.value, low, high))
    for one, whole in _worst(found):
        low, high = (end / whole for end in one.interval)
        rows.append(_row(one, f"worst_group.{one.metric}", one.value / whole, low, high))
    return pa.Table.from_pylist(rows, schema=METRICS)


def _row(one: OfGroup, metric: str, value: float, low: float, high: float) -> dict[str, object]:
    ends = {"low": None if np.isnan(low) else low, "high": None if np.isnan(high) else high}
    return {"list": one.list, "metric": metric, "segment": one.segment, "value": value, **ends, "n": one.n}


def _worst(found: Sequence[OfGroup]) -> Iterator[tuple[OfGroup, float]]:
    """Of each list and dimension the group whose NDCG is lowest, and everybody's NDCG; nothing where that is nought."""
    whole = {(one.list, one.metric): one.value for one in found if one.segment == ALL}
    worst: dict[tuple[str, str], OfGroup] = {}
    for one in found:
        if one.segment != ALL and one.metric.startswith(JUDGED_BY) and whole[one.list, one.metric] > 0:
            key = (one.list, one.segment.partition("=")[0])
            worst[key] = min(worst.get(key, one), one, key=lambda of: (of.value, of.segment))
    yield from ((one, whole[one.list, one.metric]) for one in worst.values())


def worst_group_check(found: Sequence[OfGroup], bound: Bound, min_group: int) -> list[Check]:
    """The worst group of some size against `worst_group`: the upper end of its interval, so that chance warns of
    nothing. No check where no list could be judged by group."""
    large = [one for one in found if one.segment == ALL or one.n >= max(min_group, 2)]
    held = [(one.interval[1] / whole, one, whole) for one, whole in _worst(large)]
    if not held:
        return []
    share, one, whole = min(held, key=lambda of: (of[0], of[1].list, of[1].segment))
    sentence = (
        f"{one.list}, {one.segment}: {one.metric} {one.value:.4f} is at most {share:.0%} of everybody's {whole:.4f}"
    )
    return [within("worst_group", share, bound, sentence, "checks.fairness", lowest=True)]
