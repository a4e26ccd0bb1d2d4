"""What came of a night's lists, as rows of `feedback` and `metrics_daily`."""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before, days_between
from lsif.evaluation.compare import Comparison
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

NAMED_DAYS = 14
"""How long before its day of arrival an event may name a recommendation of."""
FOR_YOU = "for_you"
"""What lists of before there were names are called."""
ALL = "users=all"
"""The segment of everybody; others are written alike, `dimension=value`."""


def in_force(days: Iterable[str], published: Sequence[str]) -> dict[str, str]:
    """The day of the list that users saw on each of `days`: the newest that was published before it, if any."""
    seen = {day: max((ds for ds in published if ds < day), default=None) for day in days}
    return {day: ds for day, ds in seen.items() if ds is not None}


def answered_days(events: pa.Table, published: Sequence[str], ds: str) -> list[str]:
    """Days of lists that events which arrived on `ds` may answer, ascending.

    Those in force when they happened, each day after them that would have been in force, and, where an event names its
    recommendation, the `NAMED_DAYS` before.
    """
    happened = event_days(events)
    seen = in_force(happened, published)
    read = {day for at in happened for day in days_between(seen.get(at, day_before(at)), day_before(at))}
    if pc.any(events["recommendation_id"].is_valid()).as_py():
        read |= set(days_between(day_before(ds, NAMED_DAYS), day_before(ds)))
    return sorted(read)


def event_days(events: pa.Table) -> list[str]:
    """The UTC days on which something of positive weight happened to an item, ascending."""
    happened = pc.strftime(_outcomes(events)["event_time"], "%Y-%m-%d")
    return sorted(pc.unique(happened).to_pylist())


def answers(events: pa.Table, lists: pa.Table, seen: Mapping[str, str]) -> pa.Table:
    """Rows of `feedback`: events that answer a recommendation, by when they happened, whenever they came.

    An event that names a recommendation answers that one; any other answers each list, of those that were in force when
    it happened, that showed its user the item.

    Args:
        events: what arrived on one day.
        lists: rows of `recommendations`, with `ds`, of the days in force and of those that named ones may lie in.
        seen: day of an event → day of the lists in force on it.

    Returns:
        A row per event and list; `outcome` is the event's type. Sorted by source, event and list.
    """
    outcomes = _outcomes(events)
    happened = pc.strftime(outcomes["event_time"], "%Y-%m-%d").to_pylist()
    outcomes = outcomes.append_column("shown", pa.array([seen.get(day) for day in happened], pa.string()))
    shown = lists.select(["ds", "list", "rank", "recommendation_id", "user_id", "item_id"])
    shown = shown.set_column(1, "list", pc.fill_null(shown["list"], FOR_YOU)).rename_columns({"ds": "recommended_ds"})
    named = outcomes.drop_columns(["user_id", "item_id"]).join(shown, "recommendation_id", join_type="inner")
    others = outcomes.join(named, ["source", "event_id"], join_type="left anti").drop_columns("recommendation_id")
    met = others.join(
        shown, ["user_id", "item_id", "shown"], ["user_id", "item_id", "recommended_ds"], join_type="inner"
    )
    met = met.append_column("recommended_ds", met["shown"])
    names = arrow_schema(TABLES["feedback"], with_ds=False).names
    found = pa.concat_tables([named.select(names), met.select(names)])
    order = [(column, "ascending") for column in ("source", "event_id", "list", "recommended_ds")]
    return found.sort_by(order).cast(arrow_schema(TABLES["feedback"], with_ds=False))


def _outcomes(events: pa.Table) -> pa.Table:
    """Events of positive weight with an item; `outcome` is their type, and those of before sources came have none."""
    taken = events.filter((pc.field("weight") > 0) & pc.field("item_id").is_valid())
    named = taken.rename_columns({"event_type": "outcome"})
    columns = ["event_id", "user_id", "item_id", "outcome", "event_time", "recommendation_id"]
    return named.select(columns).append_column("source", pc.fill_null(named["source"], ""))


def metric_rows(comparison: Comparison) -> pa.Table:
    """Rows of `metrics_daily`: `lsif.ndcg@10`, each baseline's, and the lead over it as `lsif-baseline.ndcg@10`."""
    rows = []
    for row in comparison:
        where = {"list": row["list"], "segment": ALL, "n": row["n"]}
        own = {"value": row["value"], "low": row["low"], "high": row["high"]}
        rows.append({"metric": f"{row['contender']}.{row['metric']}", **own, **where})
        if row["contender"] != comparison[0]["contender"]:
            lead = {"value": row["gain"], "low": row["gain_low"], "high": row["gain_high"]}
            rows.append({"metric": f"{comparison[0]['contender']}-{row['contender']}.{row['metric']}", **lead, **where})
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES["metrics_daily"], with_ds=False))
