"""What lists were worth to each group of users, the worst group beside everybody, and a model beside its rival.

Every judged user counts in one group of each dimension. Means, variances and covariances over users are all that is
kept of a group; intervals and tests follow from them by the law of a mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.bounds import Bound
from lsif.checks import Check, within
from lsif.evaluation.feedback import ALL, METRICS
from lsif.evaluation.intervals import of_sums
from lsif.evaluation.metrics import Floats, Judged, ndcg, recall

if TYPE_CHECKING:
    import pandas as pd

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
    found = []
    for metric, mark in MARKS.items():
        mine = mark(ours.hits[:, :k], ours.relevant)
        theirs = None if rival is None else mark(rival.hits[:, :k], rival.relevant)
        everybody = pa.array([ALL] * len(mine))
        for segments in (everybody, *_dimensions(ours.users, groups)):
            found += [OfGroup(name, f"{metric}@{k}", *one) for one in _moments(mine, theirs, segments)]
    return found


def _dimensions(users: list[str], groups: pa.Table) -> Iterator[pa.Array]:
    """The segment of each user in each dimension."""
    of = pc.list_element(pc.split_pattern(groups["segment"], "=", max_splits=1), 0)
    ids = pa.array(users, pa.string())
    for dimension in pc.unique(of).sort().to_pylist():
        rows = groups.filter(pc.equal(of, dimension))
        at = pc.index_in(ids, value_set=rows["user_id"].combine_chunks())
        yield rows["segment"].combine_chunks().take(at)


def _moments(
    mine: Floats, theirs: Floats | None, segments: pa.Array
) -> Iterator[tuple[str, int, float, float, float | None, float | None, float | None]]:
    """What `OfGroup` holds after its metric, for each segment."""
    from fairlearn.metrics import MetricFrame

    there = segments.is_valid().to_numpy(zero_copy_only=False)
    if not there.any():
        return
    frame: pd.DataFrame = MetricFrame(
        metrics={"n": _users, "value": _mean, "variance": _variance, "rival": _rival, "rival_variance": _spread}
        | {"covariance": _covariance},
        y_true=(mine if theirs is None else theirs)[there],
        y_pred=mine[there],
        sensitive_features=np.asarray(segments.filter(pa.array(there)).to_pylist(), dtype=object),
    ).by_group
    for segment, row in zip(frame.index.tolist(), frame.itertuples(index=False), strict=True):
        n, value, variance, *paired = (float(part) for part in row)
        rest = [None] * 3 if theirs is None else paired
        yield segment, int(n), value, variance, rest[0], rest[1], rest[2]


# Metrics as MetricFrame wants them: of the rival's marks and ours, for the users of one group.
def _users(theirs: Floats, mine: Floats) -> int:
    return len(mine)


def _mean(theirs: Floats, mine: Floats) -> float:
    return float(np.mean(mine))


def _variance(theirs: Floats, mine: Floats) -> float:
    return float(np.var(mine, ddof=1)) if len(mine) > 1 else 0.0


def _rival(theirs: Floats, mine: Floats) -> float:
    return _mean(mine, theirs)


def _spread(theirs: Floats, mine: Floats) -> float:
    return _variance(mine, theirs)


def _covariance(theirs: Floats, mine: Floats) -> float:
    return float(np.cov(theirs, mine)[0, 1]) if len(mine) > 1 else 0.0


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
