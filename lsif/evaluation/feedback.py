"""What of a day's events answers which list, as rows of `feedback`; and what a night's lists were worth."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from lsif.days import day_before, days_between
from lsif.evaluation.compare import Comparison
from lsif.outcomes import IMPRESSION
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

if TYPE_CHECKING:
    import duckdb

FOR_YOU = "for_you"
"""What lists of before there were names are called."""
ANY_LIST = "*"
"""Stands for all lists together in `metrics_daily`."""
ALL = "users=all"
"""The segment of everybody; others are written alike, `dimension=value`."""
METRICS = arrow_schema(TABLES["metrics_daily"], with_ds=False)

ARRIVED = """
    CREATE TABLE arrived AS
    SELECT coalesce(source, '') AS source, event_id, user_id, item_id, list, recommendation_id, event_type AS outcome,
        event_time, value, make_timestamp(epoch_us(event_time))::DATE AS day
    FROM events
    WHERE item_id IS NOT NULL AND (event_type = $impression OR weight > 0 OR list_contains($types, event_type))"""
SHOWN = """
    CREATE TABLE shown AS
    SELECT coalesce(list, $for_you) AS list, user_id, item_id, rank, ds, recommendation_id, reason_code, model_version,
        propensity, variant
    FROM lists
    WHERE (user_id, item_id) IN (SELECT (user_id, item_id) FROM arrived)
       OR recommendation_id IN (SELECT recommendation_id FROM arrived WHERE recommendation_id IS NOT NULL)"""
"""The few rows of all lists that may be answered: they alone are held."""
FOUND = """
    CREATE TABLE found AS
    WITH named AS (
        SELECT a.source, a.event_id, a.outcome, a.event_time, a.value, s.*
        FROM arrived a JOIN shown s USING (recommendation_id)
        WHERE s.ds::DATE >= a.day - $window_days::INTEGER
    ), met AS (
        SELECT a.source, a.event_id, a.outcome, a.event_time, a.value, s.*
        FROM (FROM arrived ANTI JOIN named USING (source, event_id)) a JOIN shown s
          ON a.user_id = s.user_id AND a.item_id = s.item_id AND coalesce(a.list, s.list) = s.list
         AND s.ds::DATE BETWEEN a.day - $window_days::INTEGER AND a.day - 1
        QUALIFY row_number() OVER (PARTITION BY a.source, a.event_id, s.list ORDER BY s.ds DESC, s.rank) = 1
    )
    SELECT *, ds AS recommended_ds FROM (FROM named UNION ALL BY NAME FROM met)"""
COUNTS = """
    WITH told AS (
        SELECT outcome, a.source, a.event_id, f.list
        FROM arrived a LEFT JOIN found f USING (source, event_id, outcome)
    )
    SELECT list, 'matched' AS metric, outcome, count(*) AS n FROM told WHERE list IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT $any, if(list IS NULL, 'unmatched', 'matched'), outcome, count(DISTINCT (source, event_id))
    FROM told GROUP BY ALL
    ORDER BY ALL"""


def list_days(events: pa.Table, ds: str, window_days: int) -> list[str]:
    """Days of lists that events which arrived on `ds` may answer, ascending.

    Args:
        events: `event_time` of what arrived.
    """
    first = pc.strftime(pc.min(events["event_time"]), "%Y-%m-%d").as_py()
    return days_between(day_before(first or ds, window_days), day_before(ds))


class Answers:
    """Rows of `feedback`: events that show or answer a recommendation, by when they happened, whenever they came.

    An event that names a recommendation of the `window_days` before answers that one. Any other answers each list, or
    the one that it names, that showed its user the item: the newest of those days.
    """

    def __init__(
        self,
        sql: "duckdb.DuckDBPyConnection",
        events: pa.Table | pads.Dataset,
        lists: pa.Table | pads.Dataset,
        types: Sequence[str],
        window_days: int,
    ) -> None:
        """
        Args:
            events: what arrived on one day.
            lists: rows of `recommendations`, with `ds`, of `list_days`; they are read once, as a stream.
            types: of events that are outcomes even if they weigh nothing.
        """
        self._sql = sql
        sql.register("events", events)
        sql.register("lists", lists)
        sql.execute(ARRIVED, {"impression": IMPRESSION, "types": list(types)})
        sql.execute(SHOWN, {"for_you": FOR_YOU})
        sql.execute(FOUND, {"window_days": window_days})

    def rows(self) -> Iterator[pa.RecordBatch]:
        """A row per event and list, in order of users; `outcome` is the event's type."""
        wanted = arrow_schema(TABLES["feedback"], with_ds=False)
        chosen = ", ".join(wanted.names)
        ordered = self._sql.sql(f"SELECT {chosen} FROM found ORDER BY user_id, source, event_id, list, recommended_ds")
        for batch in ordered.to_arrow_reader():
            yield batch.cast(wanted)

    def counts(self) -> pa.Table:
        """Rows of `metrics_daily`: how many events met a list, and how many none; an event counts once in `*`."""
        found = self._sql.sql(COUNTS, params={"any": ANY_LIST}).to_arrow_table()
        segments = pc.binary_join_element_wise("outcome", found["outcome"], "=")
        counted = {"value": found["n"], "n": found["n"], "segment": segments}
        return as_metrics({"list": found["list"], "metric": found["metric"], **counted})


def as_metrics(columns: dict[str, pa.ChunkedArray | pa.Array]) -> pa.Table:
    """Rows of `metrics_daily` from some of its columns; the others are null."""
    given = pa.table(columns)
    for field in METRICS:
        if field.name not in given.column_names:
            given = given.append_column(field, pa.nulls(len(given), field.type))
    return given.select(METRICS.names).cast(METRICS)


def evidence_rows(tests: Mapping[str, tuple[int, int]]) -> pa.Table:
    """Rows of `metrics_daily`: of the rows of a night that were tested by deletion, by list, the share for which their
    evidence held.

    Args:
        tests: list = rows that were tested, and those for which it held.
    """
    rows = [
        {"list": name, "metric": "evidence_holds", "segment": ALL, "value": held / tested, "n": tested, "hits": held}
        for name, (tested, held) in sorted(tests.items())
        if tested
    ]
    return pa.Table.from_pylist(rows, schema=METRICS)


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
    return pa.Table.from_pylist(rows, schema=METRICS)
