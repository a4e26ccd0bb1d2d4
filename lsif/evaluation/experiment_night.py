"""What a night does about its experiment: rows for the page, checks that alarm, the stop of a variant that harms."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif.checks import Check, record
from lsif.config import Settings
from lsif.evaluation.experiment import Found, Outcome, experiment_days, results
from lsif.evaluation.feedback import ANY_LIST, METRICS
from lsif.experiment import Experiment
from lsif.experiments.record import Record, stop
from lsif.tables import Tables

STEP = "experiment"
"""Under which the checks of an experiment stand."""
CHECKS = ("guard", "sample_ratio", "feedback_days")
"""What their names begin with."""
MISMATCH = 0.001
"""Probability of such counts of users, or of odder ones, below which they are an alarm."""


def experiment_inputs(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    """Fingerprints of all that `look` reads, but for the day of `feedback` that is made before it."""
    if settings.experiment is None:
        return {}
    days = experiment_days(settings.experiment, ds)
    return tables.fingerprints("feedback", days[:-1]) | tables.fingerprints("assignments", days)


def look(tables: Tables, ds: str, settings: Settings) -> tuple[pa.Table, list[str]]:
    """Rows of `metrics_daily` of the experiment so far, and a line for whoever must hear of it.

    Writes the checks of the day, and where the guard stops a variant, that decision.
    """
    if settings.experiment is None:
        if len(tables.read("checks", [ds], ["check"], pc.field("step") == STEP)):  # of when the day was in one
            record(tables, ds, STEP, [])
        return METRICS.empty_table(), []
    found, experiment = results(tables, ds, settings), settings.experiment
    stops, last = Record.read(tables, experiment).reasons, newest_night(tables, ds, experiment)
    looked = guarded(found, experiment)
    guards = {one.variant: guard_check(one, experiment, (ds, last), stops.get(one.variant)) for one in looked}
    for variant, check in guards.items():
        if check.verdict == "fail" and variant not in stops:
            stop(tables, last, experiment.name, variant, str(check.note))
    checks = [*_ratios(found, experiment), *_gaps(tables, ds, experiment), *guards.values()]
    record(tables, ds, STEP, checks)
    return experiment_rows(found), [f"{check.verdict} {check.name}: {check.note}" for check in checks if check.note]


def guarded(found: Found, experiment: Experiment) -> list[Outcome]:
    """What the guard looks at: of each variant but the control, over all lists."""
    of_guard = [one for one in found.outcomes if (one.list, one.metric) == (ANY_LIST, experiment.guard)]
    return [one for one in of_guard if one.variant != experiment.control]


def newest_night(tables: Tables, ds: str, experiment: Experiment) -> str:
    """The night after which a stop that is decided on `ds` holds: lists that are published stay as they are."""
    return max([ds, *tables.days("assignments", str(experiment.first), str(experiment.through))])


def guard_check(one: Outcome, experiment: Experiment, at: tuple[str, str], stopped: tuple[str, str] | None) -> Check:
    """Fails when it stops a variant: one that is surely worse, and by more than the bound. Warns on later days.

    Args:
        at: the day, and the last night of the variant if it is stopped now.
        stopped: its last night, and why, if it was.
    """
    change = (one.gain or 0.0) / one.against if one.against else 0.0
    name, bound = f"guard {one.variant}", -experiment.guard_drop
    if stopped and stopped[0] < at[0]:
        return Check(name, change, bound, "warn", f"stopped after {stopped[0]}")
    if not harms(one, experiment.guard_drop):
        return Check(name, change, bound, "pass")
    told = f"{one.metric} of {one.variant} is {-change:.0%} below that of {experiment.control}"
    now = f"{told}: its users get the lists of {experiment.control} after {at[1]}"
    return Check(name, change, bound, "fail", stopped[1] if stopped else now)


def harms(one: Outcome, drop: float) -> bool:
    """Whether a rate is below the control's in the whole of its interval, and by more than a share of it."""
    surely = one.gain_high is not None and one.gain_high < 0
    return surely and one.gain is not None and one.against is not None and one.gain < -drop * one.against


def _ratios(found: Found, experiment: Experiment) -> Iterator[Check]:
    for which, users in {"assigned": found.assigned, "exposed": found.exposed}.items():
        yield sample_ratio(which, users, {name: one.share for name, one in experiment.variants.items()})


def _gaps(tables: Tables, ds: str, experiment: Experiment) -> Iterator[Check]:
    there = set(tables.days("feedback"))
    if missing := [day for day in experiment_days(experiment, ds) if day not in there]:
        note = f"what arrived on {', '.join(missing)} is not counted: run join_feedback of those days"
        yield Check("feedback_days", float(len(missing)), 0.0, "warn", note)


def sample_ratio(which: str, users: Mapping[str, int], shares: Mapping[str, float]) -> Check:
    """Whether users are told apart as their shares say (Pearson's chi-squared test).

    Args:
        users: by variant; of variants that are not there nothing is asked.
    """
    from scipy.stats import chisquare

    there = [name for name in shares if name in users]
    counted, whole = [users[name] for name in there], sum(shares[name] for name in there)
    if len(there) < 2:
        return Check(f"sample_ratio {which}", None, MISMATCH, "pass")
    p = float(chisquare(counted, [shares[name] / whole * sum(counted) for name in there]).pvalue)
    if p >= MISMATCH:
        return Check(f"sample_ratio {which}", p, MISMATCH, "pass")
    told = ", ".join(f"{name} {users[name]:,}" for name in there)
    note = f"users {which} are {told}, not as the shares say (p = {p:.1g}): results are not to be trusted"
    return Check(f"sample_ratio {which}", p, MISMATCH, "warn", note)


def experiment_rows(found: Found) -> pa.Table:
    """`experiment.METRIC`, a rate so far, and `experiment.METRIC.gain`, beside the control, by list and variant."""
    rows: list[dict[str, Any]] = []
    for one in found.outcomes:
        where = {"list": one.list, "segment": f"variant={one.variant}", "metric": f"experiment.{one.metric}"}
        ends = {"low": one.low, "high": one.high}
        whole = float(one.hits).is_integer()
        rows.append({**where, "value": one.rate, **ends, "n": one.of, "hits": int(one.hits) if whole else None})
        if one.gain is not None:
            ends = {"low": one.gain_low, "high": one.gain_high}
            rows.append({**where, "metric": f"{where['metric']}.gain", "value": one.gain, **ends, "n": one.users})
    for variant, users in found.assigned.items():
        where = {"list": ANY_LIST, "segment": f"variant={variant}", "metric": "experiment.users"}
        rows.append({**where, "value": float(users), "n": users})
    return pa.Table.from_pylist(rows, schema=METRICS)
