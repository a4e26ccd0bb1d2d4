"""Means over cuts with intervals over users: a user counts in every cut in which he was judged, and is drawn whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.quality.judging import Scored
from lsif.evaluation.intervals import LEVEL, RESAMPLES, Interval
from lsif.evaluation.metrics import Floats


@cache
def _draws(users: int, seed: int) -> Floats:
    """How often each user is drawn in each resample [R, U]: the same for all lists, which pairs them."""
    return np.random.default_rng(seed).multinomial(users, np.full(users, 1 / users), RESAMPLES).astype(np.float64)


@dataclass(frozen=True)
class Panel:
    """Values of one metric [C cuts, U users], NaN where a user was not judged."""

    values: Floats

    @classmethod
    def of(cls, scored: Sequence[Scored], metric: str, users: Sequence[str]) -> "Panel":
        row = {user: number for number, user in enumerate(users)}
        values = np.full((len(scored), len(users)), np.nan)
        for cut, one in enumerate(scored):
            kept = [(row[user], place) for place, user in enumerate(one.users) if user in row]
            if kept:
                columns, places = map(list, zip(*kept, strict=True))
                values[cut, columns] = one.per_user[metric][places]
        return cls(values)

    def by_cut(self) -> Floats:
        """Mean of each cut [C], NaN for a cut in which nobody was judged."""
        there = ~np.isnan(self.values)
        return np.asarray(np.nansum(self.values, 1) / np.where(there.any(1), there.sum(1), np.nan))

    def interval(self, seed: int) -> Interval:
        """Mean over the cuts, with the 95 % bootstrap interval over users."""
        times = _draws(self.values.shape[1], seed)
        there = ~np.isnan(self.values)
        sums, sizes = times @ np.nan_to_num(self.values).T, times @ there.T.astype(np.float64)  # [R, C]
        means = np.nanmean(np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan), axis=1)
        low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Interval(float(np.nanmean(self.by_cut())), float(low), float(high))

    def minus(self, other: "Panel") -> "Panel":
        """Differences user by user and cut by cut."""
        return Panel(self.values - other.values)


def mean_panel(panels: Sequence[Panel]) -> Panel:
    """The mean of several seeds, user by user."""
    return Panel(np.mean([panel.values for panel in panels], axis=0))


def best_setting(by_setting: Mapping[int, Sequence[Scored]], metric: str = "ndcg@10") -> int:
    """The setting of the highest mean over cuts; the first of equals."""
    means = {n: np.mean([one.per_user[metric].mean() for one in scored]) for n, scored in by_setting.items()}
    return max(means, key=lambda number: (means[number], -number))
