"""Why a day's list was worth less than another day's: by the tables, the ledger and the models that made them."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.engine import engine
from lsif.errors import LsifError
from lsif.evaluation.drop import Again, explained, noise
from lsif.evaluation.worth import JudgedDay, Measure
from lsif.features.ragged import Array
from lsif.ranking.night import lists_at
from lsif.ranking.recorded import as_recorded
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables

ModelOf = Callable[[str], TrainedModel | None]
"""The model of a version, None where lists were made without one."""
MADE_BY = "SELECT model_version FROM lists GROUP BY model_version, variant ORDER BY count(*) DESC, model_version"
"""What most of the lists are made by comes first."""
STALEST = 28
"""Days: how far back the newest event is looked for."""


@dataclass(frozen=True)
class Explanation:
    """What a list was worth on two days, and how much of the change is of which cause.

    Attributes:
        noise: half of the change's 95 % interval.
        parts: cause = part; they add up to `after - before`.
        remark: what could not be known.
    """

    ds: str
    against: str
    before: float
    after: float
    noise: float
    parts: dict[str, float]
    remark: str | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the change is more than chance."""
        return abs(self.after - self.before) > self.noise


class _Made:
    """How the lists of a day were made: by which version, with which rules, knowing how much of the last days."""

    def __init__(self, tables: Tables, ds: str, settings: Settings) -> None:
        with engine() as sql:
            sql.register("lists", tables.scan("recommendations", [ds]))
            made_by = sql.sql(MADE_BY).fetchall()
        if not made_by:
            raise LsifError(f"no lists of {ds} are published")
        self.ds, self.version, self.is_mixed = ds, str(made_by[0][0]), len(made_by) > 1
        wanted = (pc.field("step") == "score_users") & (pc.field("ds") == ds) & (pc.field("status") == "done")
        runs = tables.read("runs", filter=wanted).sort_by("seq")
        kept = runs["settings"].drop_null().to_pylist()
        try:
            self.settings = as_recorded(settings, kept[-1]) if kept else None
        except ValidationError as error:
            raise LsifError(f"the rules of {ds} are of another release: {error.errors()[0]['msg']}") from error
        self.lag = _lag(tables, ds)


def explain(
    tables: Tables, ds: str, against: str, measure: Measure, settings: Settings, model_of: ModelOf
) -> Explanation:
    """Split the change of a metric between the lists of two days.

    Raises:
        LsifError: one of the days has no lists, cannot be judged yet, or its model is gone.
    """
    old, new = (_Made(tables, day, settings) for day in (against, ds))
    before, day = (JudgedDay(tables, made.ds, settings, measure) for made in (old, new))

    def worth(of: JudgedDay, known: str, rules: Settings, version: str) -> Array:
        return of.worth(lists_at(tables, known, rules, model_of(version), of.users, told=False))

    was, now = (of.day(_published(tables, of.ds, measure)) for of in (before, day))
    old_rules, new_rules = old.settings or new.settings or settings, new.settings or settings
    unruled = now.value if old.version == new.version else worth(day, ds, new_rules, old.version)
    unmoved = unruled if old_rules == new_rules else worth(day, ds, old_rules, old.version)
    staler, stale = new.lag - old.lag, None
    if staler:
        of, made = (before, old) if staler > 0 else (day, new)
        stale = worth(of, day_before(made.ds, abs(staler)), old_rules, old.version)
    parts = explained(was, now, Again(unruled, unmoved, stale, later_is_fresher=staler < 0))
    unknown = "" if old.settings else f"the rules of {against} are not in the ledger: taken as on {ds}"
    mixed = "an experiment's variants are part of the rest" if old.is_mixed or new.is_mixed else ""
    remark = "; ".join(filter(None, [unknown, mixed])) or None
    ends = float(was.value.mean()), float(now.value.mean())
    return Explanation(ds, against, *ends, noise(was, now), parts, remark)


def _published(tables: Tables, ds: str, measure: Measure) -> pa.Table:
    wanted = (pc.field("list") == measure.name) & (pc.field("rank") <= measure.k)
    return tables.read("recommendations", [ds], ["list", "user_id", "rank", "item_id"], wanted)


def _lag(tables: Tables, ds: str) -> int:
    """Days since the newest event of positive weight happened, of what had arrived."""
    for back in range(STALEST):
        day = day_before(ds, back)
        if tables.rows("events", day, day).get(day):
            times = tables.read("events", [day], ["event_time"], pc.field("weight") > 0)["event_time"]
            if newest := pc.max(times).as_py():
                return len(days_between(newest.date().isoformat(), ds)) - 1
    return STALEST
