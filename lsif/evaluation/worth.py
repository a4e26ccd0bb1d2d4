"""What one list was worth to each user of a day, and what kind of users they were."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.errors import LsifError
from lsif.evaluation.compare import judged_users, successes, truth_from
from lsif.evaluation.drop import Day
from lsif.evaluation.judgement import taken_of
from lsif.evaluation.metrics import METRICS, Marks
from lsif.features.draw import drawn
from lsif.features.evening import evening
from lsif.features.ragged import Array
from lsif.ranking.popular import available_items
from lsif.tables import Tables

MOST_USERS = 20_000
"""Users who are judged; of more, so many are drawn."""
TAKEN = ("user_id", "item_id", "event_type", "event_time", "weight")


@dataclass(frozen=True)
class Measure:
    """Which list is judged by what: a name of `METRICS`, and its length."""

    name: str
    metric: str
    k: int

    @classmethod
    def of(cls, name: str, metric: str, settings: Settings) -> "Measure":
        """From words such as `for_you` and `ndcg@10`.

        Raises:
            LsifError: there is no such list, or no such metric.
        """
        what, _, k = metric.partition("@")
        if name not in settings.lists:
            raise LsifError(f"there is no list {name!r}, but {', '.join(settings.lists)}")
        if what not in METRICS or not k.isdigit() or not 0 < int(k) <= settings.lists[name].k:
            known = ", ".join(METRICS)
            raise LsifError(
                f"{metric!r} is no metric of {name}: one of {known}, @ and at most {settings.lists[name].k}"
            )
        return cls(name, what, int(k))


class JudgedDay:
    """Who is judged on a day's list, by what they did in the days after it.

    Attributes:
        users: ids, sorted [U].
        strata: numbers of the kinds of users, by cause of `lsif.evaluation.drop` [U].
    """

    def __init__(self, tables: Tables, ds: str, settings: Settings, measure: Measure) -> None:
        """
        Raises:
            LsifError: the days after it have not come yet, or nobody who had the list did anything.
        """
        self.ds, self._measure = ds, measure
        events = _after(tables, ds, settings)
        truth, at = truth_from(events, after=ds), evening(tables, ds, settings, None)
        users = pa.array(drawn(judged_users(at.people.ids, truth), f"worth {ds}", MOST_USERS), pa.string())
        own = pa.concat_tables(block.own_items() for block in at.people.blocks(users)) if len(users) else truth
        taken = taken_of(settings.lists[measure.name].items, truth, own)
        self.users = judged_users(users, taken)
        if not self.users:
            raise LsifError(f"nobody who had the list {measure.name} on {ds} took anything of its kind afterwards")
        self._taken = taken
        there = pa.array(self.users, pa.string())
        self.strata = {
            "volume": _size(_counts(taken, there)),
            "users": _size(_counts(own, there)) // 2,
            "catalogue": _thirds(taken, there, available_items(at.items)),
            "events": _first_type(events, there, sorted(settings.event_types)),
        }

    def worth(self, lists: pa.Table) -> Array:
        """What rows of `recommendations` are worth to each user; nothing, to whom they give nothing [U]."""
        marks = Marks(self._taken, self.users, self._measure.k)
        marks.add(lists.filter(pc.equal(lists["list"], self._measure.name)))
        found = marks.of(self.users)
        return METRICS[self._measure.metric](found.hits, found.relevant)

    def day(self, lists: pa.Table) -> Day:
        return Day(self.worth(lists), self.strata)


def _after(tables: Tables, ds: str, settings: Settings) -> pa.Table:
    last = day_before(ds, -settings.training.horizon_days)
    if missing := [day for day in days_between(day_before(ds, -1), last) if day not in tables.days("events")]:
        raise LsifError(f"lists of {ds} are judged by the events up to {last}: there are none of {missing[0]} yet")
    days = tables.require_days("events", day_before(ds, -1), last)
    return successes(tables.read("events", days, TAKEN, pc.field("weight") > 0), settings.training.targets)


def _counts(pairs: pa.Table, users: pa.Array) -> Array:
    """Rows of each user [U]."""
    at = pc.index_in(pairs["user_id"], value_set=users).drop_null().to_numpy()
    return np.bincount(at, minlength=len(users))


def _size(counts: Array) -> Array:
    """0, 1, 2 to 3, 4 to 7 and so on [U]."""
    return np.ceil(np.log2(counts + 1)).astype(np.int64)


def _thirds(taken: pa.Table, users: pa.Array, available: pa.Array) -> Array:
    """Of what was taken, nothing, up to a half, or more could not be recommended [U]."""
    strange = taken.filter(pc.invert(pc.is_in(taken["item_id"], value_set=available)))
    share = _counts(strange, users) / np.maximum(_counts(taken, users), 1)
    return np.searchsorted([0, 0.5], share, side="left")


def _first_type(events: pa.Table, users: pa.Array, types: Sequence[str]) -> Array:
    """Number of the event type that each user's takings mostly are, the first of several [U]."""
    counts = [_counts(events.filter(pc.equal(events["event_type"], one)), users) for one in types]
    return np.argmax(np.stack(counts), axis=0)
