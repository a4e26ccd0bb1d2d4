"""May a challenger become champion? A pure decision on the metrics of one comparison.

The comparison's days were held out of the challenger's training, early stopping included. They must be as unseen by
the champion, or the champion's number says nothing.
"""

from dataclasses import dataclass, field

from lsif.evaluation.compare import Comparison

METRIC = "ndcg@10"
LSIF, CHAMPION, POPULARITY = "lsif", "champion", "popularity_28d"


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


def verdict(comparison: Comparison, cutoff: str, rival: Rival | str, margin: float) -> Verdict:
    """Hold a challenger that does not beat popularity, or falls behind the champion by more than `margin`.

    Args:
        comparison: rows of `compare`, with the lists `lsif`, `popularity_28d` and, given a rival, `champion`.
        cutoff: last day the challenger learned from; the held-out days come after it.
        rival: the champion, or a sentence on why there is none to compare with.
        margin: relative: 0.02 lets NDCG@10 fall to 98 % of the champion's.
    """
    scores = {str(row["list"]): float(row["value"]) for row in comparison if row["metric"] == METRIC}
    checks = [_beats_popularity(scores)]
    if isinstance(rival, str):
        checks.append((True, rival))
    elif rival.trained_through > cutoff:
        checks.append((False, f"champion {rival.version} learned from days after {cutoff}: no fair comparison"))
    else:
        checks.append(_keeps_up(scores, rival, margin))
    return Verdict(all(passed for passed, _ in checks), [reason for _, reason in checks])


def _beats_popularity(scores: dict[str, float]) -> tuple[bool, str]:
    ours, theirs = scores[LSIF], scores[POPULARITY]
    return ours > theirs, f"{METRIC} {ours:.4f} {_sign(ours, theirs)} popularity's {theirs:.4f}"


def _keeps_up(scores: dict[str, float], rival: Rival, margin: float) -> tuple[bool, str]:
    ours, bar = scores[LSIF], scores[CHAMPION] * (1 - margin)
    name = f"{1 - margin:.0%} of champion {rival.version}'s"
    return ours >= bar, f"{METRIC} {ours:.4f} {_sign(ours, bar)} {name} {scores[CHAMPION]:.4f}"


def _sign(ours: float, theirs: float) -> str:
    return ">" if ours > theirs else "=" if ours == theirs else "<"
