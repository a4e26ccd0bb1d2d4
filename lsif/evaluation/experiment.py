"""What came of an experiment so far: by list, metric and variant, beside the control.

A metric is an outcome by chance: `click_through` and `conversion` by exposure, `satisfaction` by what was taken, and
`taken` by night: whether a user took something out of a list that was published for them, which needs no exposures. A
night, and what was shown, count once the window for answers has passed; those of a variant that was stopped, and what
it is compared with, up to the night of the stop.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.engine import engine
from lsif.evaluation.feedback import ANY_LIST
from lsif.evaluation.rates import feedback_days, judge_all
from lsif.evaluation.sequences import Known, Sums, gain, rate
from lsif.evaluation.steps import asked_of
from lsif.experiment import Experiment
from lsif.experiments.record import Record
from lsif.outcomes import Asked
from lsif.tables import Tables

if TYPE_CHECKING:
    import duckdb

TAKEN = "taken"
MANY = (*Sums.__dataclass_fields__,)
SUMS = """
    WITH counted AS (
        SELECT list, metric, variant, user_id, source, event_id, happened FROM facts
        WHERE variant IS NOT NULL AND happened IS NOT NULL AND recommended_ds BETWEEN $first AND $last
    ), every AS (
        FROM counted UNION ALL BY NAME
        SELECT $any AS list, metric, variant, user_id, source, event_id, max(happened) AS happened
        FROM counted GROUP BY ALL
    ), nights AS (
        SELECT variant, user_id, count(*) AS x FROM assigned WHERE ds BETWEEN $first AND $judged_night GROUP BY ALL
    ), taken AS (
        SELECT unnest([list, $any]) AS list, user_id, recommended_ds FROM feedback
        WHERE list_contains($conversions, outcome) AND recommended_ds BETWEEN $first AND $judged_night
          AND ds::DATE <= recommended_ds::DATE + $window_days::INTEGER
    ), taken_by AS (
        SELECT list, user_id, count(DISTINCT recommended_ds) AS y FROM taken GROUP BY ALL
    ), of_users AS (
    SELECT list, metric, variant, user_id, count(*)::DOUBLE AS x, sum(happened) AS y FROM every GROUP BY ALL
    UNION ALL BY NAME
    SELECT list, $taken AS metric, variant, user_id, x::DOUBLE AS x, coalesce(y, 0)::DOUBLE AS y
    FROM (FROM nights CROSS JOIN (SELECT unnest($lists::VARCHAR[]) AS list)) LEFT JOIN taken_by USING (list, user_id)
    )
    SELECT list, metric, variant, count(*)::DOUBLE AS users, sum(x) AS x, sum(y) AS y,
        sum(x * x) AS xx, sum(x * y) AS xy, sum(y * y) AS yy
    FROM of_users GROUP BY ALL ORDER BY ALL"""
EXPOSED = """
    SELECT variant, count(DISTINCT user_id) FROM facts
    WHERE variant IS NOT NULL AND recommended_ds BETWEEN $first AND $last GROUP BY ALL ORDER BY ALL"""
ASSIGNED = "SELECT variant, count(DISTINCT user_id) FROM assigned GROUP BY ALL ORDER BY ALL"


@dataclass(frozen=True)
class Outcome:
    """Of one variant's users.

    Attributes:
        users: who had a chance, as an exposure is one.
        of, hits: chances, and outcomes.
        rate, low, high: outcomes by chance, and its interval at whatever moment; None where it is too early for one.
        gain, gain_low, gain_high: by how much that is above the control's; None for the control.
        against: the control's rate on the same nights.
    """

    list: str
    metric: str
    variant: str
    users: int
    of: int
    hits: float
    rate: float
    low: float | None
    high: float | None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    against: float | None = None


@dataclass(frozen=True)
class Found:
    """What is known of an experiment at the end of a day.

    Attributes:
        assigned, exposed: users by variant.
    """

    outcomes: list[Outcome]
    assigned: dict[str, int]
    exposed: dict[str, int]


def days_more(settings: Settings) -> int:
    """For how many days after its last night something of an experiment is still judged."""
    return 2 * settings.feedback.window_days + 1


def experiment_days(experiment: Experiment, ds: str) -> list[str]:
    """The days of which an experiment reads feedback on `ds`."""
    return days_between(str(experiment.first), ds)


def results(tables: Tables, ds: str, settings: Settings) -> Found:
    """Of the experiment of the settings, by what had arrived by the end of `ds`."""
    experiment, how = settings.experiment, asked_of(settings)
    assert experiment
    record = Record.read(tables, experiment)
    days, ours = experiment_days(experiment, ds), pc.field("experiment") == experiment.name
    assigned = tables.scan("assignments", days).filter(ours)
    stops = {name: day for name, day in record.stops.items() if day <= ds}
    with engine() as sql:
        sql.register("assigned", assigned)
        judge_all(sql, tables.scan("feedback", days), how, days[0], feedback_days(ds, how.window_days)[0])
        looked = _Looked(sql, settings, experiment, how, ds)
        going = [name for name in experiment.variants if name not in stops]
        outcomes = [*looked.outcomes(str(experiment.through), going)]
        for name, day in stops.items():
            outcomes += looked.outcomes(day, [name])
        outcomes.sort(key=lambda one: (one.list, one.metric, one.variant))
        nights = {"first": str(experiment.first), "last": str(experiment.through)}
        return Found(
            outcomes,
            assigned=dict(sql.sql(ASSIGNED).fetchall()),
            exposed=dict(sql.execute(EXPOSED, nights).fetchall()),
        )


@dataclass(frozen=True)
class _Looked:
    """An experiment's users at the end of a day, in the tables of `sql`."""

    sql: "duckdb.DuckDBPyConnection"
    settings: Settings
    experiment: Experiment
    how: Asked
    ds: str

    def outcomes(self, last: str, variants: Sequence[str]) -> Iterator[Outcome]:
        """Of some variants, by the nights up to `last`."""
        given = {
            "first": str(self.experiment.first),
            "last": last,
            "judged_night": min(last, day_before(self.ds, self.how.window_days)),
            "lists": [*self.settings.lists, ANY_LIST],
            "conversions": list(self.how.conversions),
            "window_days": self.how.window_days,
            "any": ANY_LIST,
            "taken": TAKEN,
        }
        rows = self.sql.sql(SUMS, params=given).to_arrow_table().to_pylist()
        of = {(row["list"], row["metric"], row["variant"]): Sums(*(np.array(row[n]) for n in MANY)) for row in rows}
        for (name, metric, variant), own in of.items():
            if variant in variants:
                yield _outcome((name, metric, variant), own, of.get((name, metric, self.experiment.control)))


def _outcome(of: tuple[str, str, str], own: Sums, control: Sums | None) -> Outcome:
    alone = rate(own)
    ends = _within(of[1] != "satisfaction", _ends(alone))
    counted = Outcome(*of, int(own.users), int(own.x), float(own.y), float(alone.value), *ends)
    if control is None or control is own:
        return counted
    beside = gain(own, control)
    low, high = _ends(beside)
    against = float(rate(control).value)
    return replace(counted, gain=float(beside.value), gain_low=low, gain_high=high, against=against)


def _ends(of: Known) -> tuple[float | None, float | None]:
    return (None, None) if np.isnan(of.low) else (float(of.low), float(of.high))


def _within(share: bool, ends: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    low, high = ends
    return (max(low, 0.0), min(high, 1.0)) if share and low is not None and high is not None else ends
