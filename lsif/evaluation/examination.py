"""How much less a row is looked at than the first of its list.

Position-based model: a row is taken where its user looks at its rank and wants its item, and it is looked at with the
probability `rank ** -steepness`, the same for all (Joachims, Swaminathan, Schnabel, WSDM 2017). Rows that were drawn
tell the steepness apart from what the model knows: whatever stands at their ranks, it is drawn from the same items.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.evaluation.intervals import Z
from lsif.features.ragged import Array

DRAWN = "drawn."
"""Begins the dimension of segments of drawn rows: `drawn.explored=10` is rank 10 of what was explored."""
MOST = 10.0
"""What a taken row counts for at the most: a few from far below would else decide (clipping, ibidem)."""
FEWEST = 100
"""Answers of drawn rows below which nothing is said of ranks."""
STEPS = 50


@dataclass(frozen=True)
class Examination:
    """The steepness with its 95 % interval, and of how many exposures and answers."""

    steepness: float
    low: float
    high: float
    shown: int
    taken: int

    def worth(self, rank: Array) -> Array:
        """What a taken row counts for, by its rank from one: as many as would have been taken, had all been looked at;
        1 to `MOST` [N]."""
        return np.clip(np.asarray(rank, np.float64) ** max(self.steepness, 0.0), 1.0, MOST)


def examination(metrics: pa.Table) -> Examination | None:
    """From the click-through of drawn rows; None where they are too few, or stand at one rank of each list alone.

    Args:
        metrics: rows of `metrics_daily`, of any days.
    """
    of_drawn = pc.and_(pc.equal(metrics["metric"], "click_through"), pc.starts_with(metrics["segment"], DRAWN))
    rows = metrics.filter(of_drawn).select(["list", "segment", "n", "hits"])
    parts = pc.split_pattern(rows["segment"], "=", max_splits=1, reverse=True)
    drawn, rank = pc.list_element(parts, 0), pc.list_element(parts, 1)
    keys = pa.table({"list": rows["list"], "drawn": drawn, "rank": rank, "n": rows["n"], "hits": rows["hits"]})
    sums = keys.group_by(["list", "drawn", "rank"]).aggregate([("n", "sum"), ("hits", "sum")])
    sums = sums.sort_by([(name, "ascending") for name in ("list", "drawn", "rank")])  # threads group in any order
    shown, taken = (sums[f"{name}_sum"].to_numpy().astype(np.float64) for name in ("n", "hits"))
    pool = pc.rank(pc.binary_join_element_wise(sums["list"], sums["drawn"], "\0"), tiebreaker="dense").to_numpy() - 1
    if taken.sum() < FEWEST:
        return None
    return _fitted(pool.astype(np.int64), np.log(sums["rank"].cast(pa.float64()).to_numpy()), shown, taken)


def _fitted(pool: Array, far: Array, shown: Array, taken: Array) -> Examination | None:
    """Poisson's law of `taken` with the mean `shown * exp(level[pool] - steepness * far)`, of which the levels are
    profiled out: each pool's own answers, spread over its ranks as the steepness says, are what is compared.

    Args:
        pool: number of what the rows were drawn from [N].
        far: logarithm of their rank [N].
    """
    answers, steepness, slope, bend = np.bincount(pool, taken), 0.0, 0.0, 0.0
    for _ in range(STEPS):
        spread = shown * np.exp(-steepness * far)
        spread /= np.bincount(pool, spread)[pool]
        mean = np.bincount(pool, spread * far)
        slope = float((answers * mean).sum() - (taken * far).sum())
        bend = float((answers * (np.bincount(pool, spread * far**2) - mean**2)).sum())
        if bend < 1e-9:
            return None
        steepness = float(np.clip(steepness + slope / bend, -5, 5))
    error = Z / bend**0.5
    return Examination(steepness, steepness - error, steepness + error, int(shown.sum()), int(taken.sum()))
