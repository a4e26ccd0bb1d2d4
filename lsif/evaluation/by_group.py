"""What lists were worth to each group of users, the worst group beside everybody, and a model beside its rival.

Every judged user counts in one group of each dimension. Means, variances and covariances over users are all that is
kept of a group; intervals and tests follow from them by the law of a mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lsif.bounds import Bound
from lsif.checks import Check, within
from lsif.evaluation.feedback import ALL, METRICS
from lsif.evaluation.intervals import of_sums
from lsif.evaluation.metrics import Floats, Judged, ndcg, recall

Texts = npt.NDArray[np.object_]
MARKS = {"ndcg": ndcg, "recall": recall}
JUDGED_BY = "ndcg"


@dataclass(frozen=True)
class OfGroup:
    """One metric of one list for the users of one group.

    Attributes:
        n: users.
        value, variance: of the list under test; the variance between users is 0 of one user.
        rival, rival_variance, covariance: of the rival's list for the same users, where there is one.
    """

    list: str
    metric: str
    segment: str
    n: int
    value: float
    variance: float
    rival: float | None = None
    rival_variance: float | None = None
    covariance: float | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval of `value`; NaN of one user."""
        total, squares = self.n * self.value, (self.n - 1) * self.variance + self.n * self.value**2
        low, high = of_sums(np.array([total]), np.array([squares]), np.array([float(self.n)]))
        return float(low[0]), float(high[0])


def by_group(name: str, ours: Judged, rival: Judged | None, k: int, groups: pa.Table) -> list[OfGroup]:
    """Of the list `name`: everybody, and each group of each dimension.

    Args:
        ours, rival: marks of the same users.
        groups: user_id, segment; users who are not there are in no group.
    """
    found, segments = [], list(_dimensions(ours.users, groups))
    for metric, mark in MARKS.items():
        mine = mark(ours.hits[:, :k], ours.relevant)
        theirs = None if rival is None else mark(rival.hits[:, :k], rival.relevant)
        for one in (np.full(len(mine), ALL, dtype=object), *segments):
            there = one != NOWHERE
            parts = (mine[there], None if theirs is None else theirs[there], one[there])
            found += [OfGroup(name, f"{metric}@{k}", **of) for of in _moments(*parts)]
    return found


NOWHERE = ""


def _dimensions(users: list[str], groups: pa.Table) -> Iterator[Texts]:
    """The segment of each user in each dimension."""
    of = pc.list_element(pc.split_pattern(groups["segment"], "=", max_splits=1), 0)
    ids = pa.array(users, pa.string())
    for dimension in pc.unique(of).sort().to_pylist():
        rows = groups.filter(pc.equal(of, dimension))
        at = pc.index_in(ids, value_set=rows["user_id"].combine_chunks())
        segments = pc.fill_null(rows["segment"].combine_chunks().take(at), NOWHERE)
        yield np.asarray(segments.to_pylist(), dtype=object)


def _moments(mine: Floats, theirs: Floats | None, segments: Texts) -> Iterator[dict[str, Any]]:
    """What `OfGroup` holds after its metric, for each segment."""
    from fairlearn.metrics import MetricFrame

    if not len(mine):
        return
    frame = MetricFrame(
        metrics=ALONE if theirs is None else ALONE | PAIRED,
        y_true=mine if theirs is None else theirs,
        y_pred=mine,
        sensitive_features=segments,
    )
    for segment, row in frame.by_group.to_dict("index").items():
        yield {"segment": segment, **{name: float(value) for name, value in row.items()}, "n": int(row["n"])}


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _covariance(theirs: Floats, mine: Floats) -> float:
    return float(np.cov(theirs, mine)[0, 1]) if len(mine) > 1 else 0.0


ALONE = {
    "n": lambda theirs, mine: len(mine),
    "value": lambda theirs, mine: mine.mean(),
    "variance": lambda theirs, mine: _variance(mine),
}
PAIRED = {
    "rival": lambda theirs, mine: theirs.mean(),
    "rival_variance": lambda theirs, mine: _variance(theirs),
    "covariance": _covariance,
}
"""Metrics as MetricFrame wants them: of what the rival and we have for the users of one group."""


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
