"""What lists were worth to each group of users, and a model beside its rival by group.

Every judged user counts in one group of each dimension. Means, variances and covariances over users are all that is
kept of a group; intervals and tests follow from them by the law of a mean.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lsif.evaluation.feedback import ALL
from lsif.evaluation.intervals import of_sums
from lsif.evaluation.metrics import Floats, Judged, ndcg, recall

Texts = npt.NDArray[np.object_]
Metric = Callable[[Floats, Floats], float]
"""Of what the rival and we have, in that order, for the same users."""
METRIC_OF = {"ndcg": ndcg, "recall": recall}
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


def by_group(
    name: str, ours: Judged, rival: Judged | None, k: int, groups: pa.Table, marks: Sequence[str] = tuple(METRIC_OF)
) -> list[OfGroup]:
    """Of the list `name`: everybody, and each group of each dimension.

    Args:
        ours, rival: marks of the same users.
        groups: user_id, segment; users who are not there are in no group.
    """
    found, segments = [], list(_dimensions(ours.users, groups))
    for metric in marks:
        mine = METRIC_OF[metric](ours.hits[:, :k], ours.relevant)
        theirs = None if rival is None else METRIC_OF[metric](rival.hits[:, :k], rival.relevant)
        asked = ALONE if theirs is None else ALONE | PAIRED
        both = mine if theirs is None else theirs, mine
        found.append(_of_group(name, f"{metric}@{k}", ALL, {what: ask(*both) for what, ask in asked.items()}))
        for one in segments:
            rows = _moments(*both, one, asked)
            found += [_of_group(name, f"{metric}@{k}", segment, row) for segment, row in rows.items()]
    return found


def _of_group(name: str, metric: str, segment: str, found: Mapping[str, float]) -> OfGroup:
    told = {what: float(value) for what, value in found.items() if what != "n"}
    return OfGroup(name, metric, segment, int(found["n"]), **told)


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


def _moments(theirs: Floats, mine: Floats, segments: Texts, asked: Mapping[str, Metric]) -> dict[str, dict[str, float]]:
    """What is asked of the users of each segment."""
    from fairlearn.metrics import MetricFrame

    there = segments != NOWHERE
    if not there.any():
        return {}
    frame = MetricFrame(
        metrics=dict(asked), y_true=theirs[there], y_pred=mine[there], sensitive_features=segments[there]
    )
    return dict(frame.by_group.to_dict("index"))


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _covariance(theirs: Floats, mine: Floats) -> float:
    return float(np.cov(theirs, mine)[0, 1]) if len(mine) > 1 else 0.0


ALONE: dict[str, Metric] = {
    "n": lambda theirs, mine: len(mine),
    "value": lambda theirs, mine: mine.mean(),
    "variance": lambda theirs, mine: _variance(mine),
}
PAIRED: dict[str, Metric] = {
    "rival": lambda theirs, mine: theirs.mean(),
    "rival_variance": lambda theirs, mine: _variance(theirs),
    "covariance": _covariance,
}
"""As MetricFrame wants metrics; what is asked of us alone, and of both."""
