"""Who took what after each cutoff, of as many users as a training is to learn from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Training
from lsif.evaluation.compare import successes
from lsif.features.draw import chances
from lsif.features.ragged import Array, joined_by
from lsif.features.vocabulary import ItemIndex
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.seen import Seen
from lsif.learning.targets import Targets, of_one, targets
from lsif.tables import Tables

COLUMNS = ("user_id", "item_id", "event_time", "event_type", "weight")


@dataclass(frozen=True)
class Takings:
    """What users took after a cutoff.

    Attributes:
        ids: sorted [U].
        targets: of those users.
    """

    cutoff: str
    ids: pa.Array
    targets: Targets

    def below(self, share: float) -> "Takings":
        """Those of the users whose chance is below a share."""
        return self.only(np.flatnonzero(chances(self.ids, _key(self.cutoff)) < share))

    def known(self, ids: pa.Array) -> "Takings":
        """Those of the users who are among `ids` and took an item of the index."""
        there = pc.is_in(self.ids, value_set=ids).to_numpy(zero_copy_only=False)
        return self.only(np.flatnonzero(there & (np.diff(self.targets.start) > 0)))

    def only(self, places: Array) -> "Takings":
        """Those of the users at the places, in that order."""
        return Takings(self.cutoff, self.ids.take(pa.array(places)), self.targets.only(places))


def takings(
    tables: Tables,
    at: Cutoffs,
    cutoffs: Sequence[str],
    index: ItemIndex,
    training: Training,
    shown: Seen | None = None,
) -> tuple[list[Takings], int]:
    """Of about `examples` users of all `cutoffs` together, drawn by a hash of user and cutoff; and of how many.

    The events are read once, a day at a time. How many users there are shows at the end only; but the share that can
    still be drawn falls with each that is seen, so no more are ever kept than about `examples` and those of one day.

    Args:
        shown: where lists had shown it to them; by default that counts for nothing.

    Raises:
        MissingDays: a day of events is missing.
    """
    found, active, most = list[Takings](), 0, training.examples
    for cutoff in cutoffs:
        seen, kept = pa.array([], pa.string()), list[pa.Table]()
        for rows in taken(tables, at.days_after(cutoff), training.targets):
            ids = pc.unique(rows["user_id"])
            seen = joined_by(seen, ids)
            ids = ids.filter(pa.array(chances(ids, _key(cutoff)) < most / max(active + len(seen), 1)))
            kept.append(rows.filter(pc.is_in(rows["user_id"], value_set=ids)))
        events, active = pa.concat_tables(kept), active + len(seen)
        ids = pc.unique(events["user_id"]).sort()
        worth = shown.after(at.days_after(cutoff)) if shown else of_one
        found.append(Takings(cutoff, ids, targets(events, index, ids, cutoff, at.horizon, worth)))
        found = [one.below(most / max(active, 1)) for one in found]
    return found, active


def taken(tables: Tables, days: list[str], types: Sequence[str] | None) -> Iterator[pa.Table]:
    """`successes` of some days of arrival, a day at a time."""
    for _, events in tables.by_day("events", tables.require_days("events", days[0], days[-1]), COLUMNS):
        rows = successes(events, types)
        yield rows.set_column(0, "user_id", pc.cast(rows["user_id"], pa.string()))


def _key(cutoff: str) -> str:
    return f"example {cutoff}"
