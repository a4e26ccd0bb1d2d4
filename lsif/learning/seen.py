"""Where a list had shown what its user then took: what was taken from far down stands for more than nobody looked at.

Each such taking counts by one over the probability that its rank was looked at, so that what the model learns to want
is not what the last model put first (Joachims, Swaminathan, Schnabel, WSDM 2017).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.engine import engine
from lsif.evaluation.examination import DRAWN, Examination, examination
from lsif.features.ragged import Array
from lsif.learning.cutoffs import Cutoffs
from lsif.outcomes import IMPRESSION
from lsif.tables import Tables

RANKS = """
    WITH met AS (
        SELECT user_id, item_id, outcome, min(CASE WHEN outcome = $impression THEN rank END) OVER (
            PARTITION BY list, user_id, item_id ORDER BY epoch_us(event_time)
            RANGE BETWEEN $window_us - 1 PRECEDING AND CURRENT ROW) AS rank
        FROM feedback WHERE list IS NOT NULL
    ), seen AS (
        SELECT user_id, item_id, min(rank) AS rank FROM met WHERE outcome <> $impression GROUP BY ALL
    )
    SELECT rank FROM pairs LEFT JOIN seen USING (user_id, item_id) ORDER BY place"""


@dataclass(frozen=True)
class Seen:
    """What was shown, and how far its ranks were looked at."""

    tables: Tables
    of: Examination
    window_days: int

    def after(self, days: Sequence[str]) -> Callable[[pa.Table], Array]:
        """What pairs of (user_id, item_id) that were taken on some days count for: by the best rank at which a list
        had shown the item before, 1 where none had."""

        def worth(pairs: pa.Table) -> Array:
            placed = pairs.select(["user_id", "item_id"]).append_column("place", pa.array(np.arange(len(pairs))))
            given = {"impression": IMPRESSION, "window_us": self.window_days * 86_400_000_000}
            with engine() as sql:
                sql.register("pairs", placed)
                sql.register("feedback", self.tables.scan("feedback", self._there(days)))
                ranks = sql.sql(RANKS, params=given).to_arrow_table()["rank"]
            return self.of.worth(pc.fill_null(ranks, 1).to_numpy())

        return worth

    def inputs(self, at: Cutoffs) -> dict[str, str]:
        """Fingerprints of what all that is made from."""
        days = sorted({day for cutoff in at.learn for day in at.days_after(cutoff)})
        return self.tables.fingerprints("feedback", days) | {"examination": repr((self.of, self.window_days))}

    def _there(self, days: Sequence[str]) -> list[str]:
        return [day for day in self.tables.days("feedback") if days[0] <= day <= days[-1]]


def seen(tables: Tables, at: Cutoffs, settings: Settings) -> Seen | None:
    """From what drawn rows said of ranks before the held-out days; None where they said too little."""
    days = [day for day in tables.days("metrics_daily") if day <= at.trained_through]
    drawn = pc.starts_with(pc.field("segment"), DRAWN)
    found = examination(tables.read("metrics_daily", days, ["list", "metric", "segment", "n", "hits"], drawn))
    return Seen(tables, found, settings.feedback.window_days) if found else None
