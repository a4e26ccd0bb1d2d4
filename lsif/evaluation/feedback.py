"""What came of a night's lists, as rows of `feedback` and `metrics_daily`."""

from datetime import UTC, date, datetime, time

import pyarrow as pa
import pyarrow.compute as pc

from lsif.evaluation.compare import Comparison
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

ALL = "users=all"
"""The segment of everybody; others are written alike, `dimension=value`."""


def acted_on(recommendations: pa.Table, events: pa.Table, ds: str) -> pa.Table:
    """Rows of `feedback`: recommendations that were followed by an event of the same user and item on `ds` or later.

    Args:
        recommendations: the lists of the day before, which users saw on `ds`.
        events: what arrived on `ds`; events that happened before the list was made and came late answer nothing.

    Returns:
        One row per recommendation: its event of most weight, the earliest of equals; outcome is the event's type.
    """
    shown = pa.scalar(datetime.combine(date.fromisoformat(ds), time(), UTC), pa.timestamp("us", "UTC"))
    answers = events.filter((pc.field("event_time") >= shown) & (pc.field("weight") > 0))
    pairs = answers.select(["user_id", "item_id", "event_type", "event_time", "weight", "event_id"]).join(
        recommendations.select(["user_id", "item_id", "recommendation_id"]), ["user_id", "item_id"], join_type="inner"
    )
    order = [("weight", "descending"), ("event_time", "ascending"), ("event_id", "ascending")]
    first = pairs.sort_by(order).group_by("recommendation_id", use_threads=False)
    found = first.aggregate([("event_type", "first"), ("event_time", "first")]).sort_by("recommendation_id")
    columns = [found["recommendation_id"], found["event_type_first"], found["event_time_first"]]
    return pa.table(columns, schema=arrow_schema(TABLES["feedback"], with_ds=False))


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
