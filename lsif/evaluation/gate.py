"""May a challenger become champion? A pure decision on the metrics of one comparison.

The comparison's days were held out of the challenger's training, early stopping included. They must be as unseen by
the champion, or the champion's number says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lsif.config import Gate
from lsif.evaluation.by_group import OfGroup
from lsif.evaluation.compare import Comparison
from lsif.evaluation.feedback import ALL
from lsif.evaluation.group_drop import LEVEL, fallen

METRIC = "ndcg@10"
LSIF, CHAMPION, POPULARITY, FREQUENCY = "lsif", "champion", "popularity_28d", "frequency"


@dataclass(frozen=True)
class Verdict:
    """PASS or HOLD, and every sentence that led there."""

    passed: bool
    reasons: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "PASS" if self.passed else "HOLD"


@dataclass(frozen=True)
class Rival:
    """The champion at the time of the comparison."""

    version: str
    trained_through: str


def verdict(
    comparison: Comparison, cutoff: str, rival: Rival | str, gate: Gate, groups: Sequence[OfGroup] = ()
) -> Verdict:
    """Hold a challenger that does not beat counting, falls behind the champion by more than the margin, or clearly
    falls further behind for some group of users than `gate.max_group_drop` allows.

    Args:
        comparison: rows of `judgement`, with the contenders `lsif`, a baseline and, given a rival, `champion`.
        cutoff: last day the challenger learned from; the held-out days come after it.
        rival: the champion, or a sentence on why there is none to compare with.
        gate: the list that must win, and how far it and the others may fall behind: a margin of 0.02 lets NDCG@10
            fall to 98 % of the champion's.
        groups: both for each group of users, of all lists.
    """
    scores: dict[str, dict[str, float]] = {}
    for row in comparison:
        if row["metric"] == METRIC:
            scores.setdefault(str(row["list"]), {})[str(row["contender"])] = float(row["value"])
    if gate.list not in scores:
        return Verdict(False, [f"nobody could be judged on the list {gate.list}"])
    checks = [_beats_counting(gate.list, scores[gate.list])]
    if isinstance(rival, str):
        checks.append((True, rival))
    elif rival.trained_through > cutoff:
        checks.append((False, f"champion {rival.version} learned from days after {cutoff}: no fair comparison"))
    else:
        checks += [_keeps_up(name, found, rival, gate.margin) for name, found in scores.items()]
        checks += _forgets_nobody(groups, rival, gate.max_group_drop)
    return Verdict(all(passed for passed, _ in checks), [reason for _, reason in checks])


def _beats_counting(name: str, scores: dict[str, float]) -> tuple[bool, str]:
    """Popularity, or for a list of own items frequency."""
    baseline = next(one for one in (POPULARITY, FREQUENCY) if one in scores)
    ours, theirs = scores[LSIF], scores[baseline]
    return ours > theirs, f"{name}: {METRIC} {ours:.4f} {_sign(ours, theirs)} {theirs:.4f} of {baseline}"


def _keeps_up(name: str, scores: dict[str, float], rival: Rival, margin: float) -> tuple[bool, str]:
    ours, bar = scores[LSIF], scores[CHAMPION] * (1 - margin)
    of = f"{1 - margin:.0%} of champion {rival.version}'s"
    return ours >= bar, f"{name}: {METRIC} {ours:.4f} {_sign(ours, bar)} {of} {scores[CHAMPION]:.4f}"


def _forgets_nobody(groups: Sequence[OfGroup], rival: Rival, drop: float) -> list[tuple[bool, str]]:
    """One check, of the group that fell furthest beyond what chance does; none where no group could be tested."""
    tested = fallen([one for one in groups if one.metric == METRIC and one.segment != ALL], drop)
    if not tested:
        return []
    worst, chance = tested[0]
    where, of = f"{worst.list}, {worst.segment}: {METRIC} {worst.value:.4f}", f"of champion {rival.version}'s"
    tests = f"(p {chance:.2g} after {len(tested)} groups)"
    if chance < LEVEL:
        return [(False, f"{where} is clearly below {1 - drop:.0%} {of} {worst.rival:.4f} {tests}")]
    return [
        (True, f"no group is clearly below {1 - drop:.0%} {of}; the nearest is {where} to {worst.rival:.4f} {tests}")
    ]


def _sign(ours: float, theirs: float) -> str:
    return ">" if ours > theirs else "=" if ours == theirs else "<"
