"""What came of all that was shown on a day, once its window has passed: shares and means for `metrics_daily`.

An exposure is judged once, on the day `window_days` after it arrived, by what has arrived until then: so a share is one
of things that did or did not happen, an answer that is delivered late still counts, and days add up.
"""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.dataset as pads

from lsif.days import day_before, days_between
from lsif.evaluation.examination import DRAWN
from lsif.evaluation.feedback import ANY_LIST, as_metrics
from lsif.evaluation.intervals import of_sums, wilson
from lsif.outcomes import IMPRESSION, Asked, Satisfaction

if TYPE_CHECKING:
    import duckdb

DECIMALS = 9
"""Means are rounded to so many, since an engine adds in any order."""

CREDITED = """
    CREATE TABLE credited AS
    WITH owned AS (
        SELECT list, outcome, event_time, ds, last_value(
            CASE WHEN outcome = $impression THEN
                {'source': source, 'event_id': event_id, 'at': event_time, 'ds': ds} END
            IGNORE NULLS) OVER (
            PARTITION BY list, user_id, item_id
            ORDER BY event_time, outcome <> $impression, source DESC, event_id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS shown
        FROM feedback WHERE list IS NOT NULL
    )
    SELECT shown.source AS source, shown.event_id AS event_id, list, list(outcome) AS outcomes
    FROM owned
    WHERE outcome <> $impression AND epoch_us(event_time) - epoch_us(shown.at) < $window_us
      AND ds::DATE <= shown.ds::DATE + $window_days::INTEGER
    GROUP BY ALL"""
"""What came of exposures: an outcome belongs to the newest before it, and to no other. (A join would multiply what one
user sees of an item by what that user does with it; DuckDB's ASOF join takes tens of times as long.)"""
FACTS = """
    CREATE TABLE facts AS
    SELECT x.*, unnest([
        {'metric': 'click_through', 'happened': list_has_any(coalesce(outcomes, []), $clicks)::DOUBLE},
        {'metric': 'conversion', 'happened': list_has_any(coalesce(outcomes, []), $conversions)::DOUBLE}
    ], recursive := true)
    FROM (FROM feedback WHERE ds BETWEEN $since AND $judged AND outcome = $impression) x
    LEFT JOIN credited USING (source, event_id, list)"""
CONTENT = """
    INSERT INTO facts BY NAME
    WITH taken AS (
        FROM feedback WHERE ds BETWEEN $since AND $judged AND outcome = $event_type AND list IS NOT NULL
    ), followed AS (
        SELECT DISTINCT o.source, o.event_id, o.list, true AS came
        FROM taken o JOIN (FROM feedback WHERE outcome = $follower::VARCHAR) f
          ON o.list = f.list AND o.user_id = f.user_id AND o.item_id = f.item_id
         AND f.ds::DATE <= o.ds::DATE + $window_days::INTEGER
         AND (o.source, o.event_id) <> (f.source, f.event_id)
         AND epoch_us(f.event_time) - epoch_us(o.event_time) BETWEEN 0 AND $window_us - 1
    )
    SELECT taken.*, 'satisfaction' AS metric, CASE
        WHEN $at_least::DOUBLE IS NOT NULL THEN (value >= $at_least)::DOUBLE
        WHEN $follower::VARCHAR IS NOT NULL THEN (coalesce(came, false) = $wanted)::DOUBLE
        ELSE value END AS happened
    FROM taken LEFT JOIN followed USING (source, event_id, list)"""
TALLY = """
    WITH once AS (
        SELECT * REPLACE (
            $any AS list, max(happened) OVER (PARTITION BY metric, source, event_id) AS happened)
        FROM facts
        QUALIFY row_number() OVER (PARTITION BY metric, source, event_id ORDER BY rank, facts.list) = 1
    ), told AS (
        SELECT list, metric, happened, unnest([
            'users=all',
            concat('rank=', rank),
            concat('reason_code=', reason_code),
            concat('model_version=', model_version),
            concat('category=', category),
            CASE WHEN propensity IS NOT NULL AND list <> $any THEN concat($drawn, reason_code, '=', rank) END
        ] || if(variant IS NULL, [], [concat('variant=', variant)])
          || list_transform($groups::VARCHAR[], lambda name: concat(
            'user.', name, '=', list_filter(attributes, lambda said: said.name = name)[1].value))) AS segment
        FROM (FROM facts UNION ALL BY NAME FROM once)
        LEFT JOIN (SELECT item_id, category FROM items) USING (item_id)
        LEFT JOIN (SELECT user_id, attributes FROM users) USING (user_id)
        WHERE happened IS NOT NULL
    )
    SELECT list, metric, segment, count(*) AS n, sum(happened) AS total, sum(happened * happened) AS squares
    FROM told WHERE segment IS NOT NULL GROUP BY ALL ORDER BY ALL"""
"""Sums by segment; what nobody knows of an item or a user makes a segment `dimension=` of its own, a night without an
experiment none."""


def feedback_days(ds: str, window_days: int) -> tuple[str, list[str]]:
    """The day of arrival that is judged on `ds`, and the days of `feedback` that `rates` wants for it, ascending."""
    judged = day_before(ds, window_days)
    return judged, days_between(day_before(judged, window_days), ds)


def rates(
    sql: "duckdb.DuckDBPyConnection",
    feedback: pa.Table | pads.Dataset,
    items: pa.Table | pads.Dataset,
    users: pa.Table | pads.Dataset,
    asked: Asked,
    judged: str,
) -> pa.Table:
    """Rows of `metrics_daily`: `click_through` and `conversion` of exposures, and `satisfaction` of outcomes, that
    arrived on the day `judged`, by list and segment; `hits` of `n` where it is a share.

    Args:
        feedback: rows of `feedback`, with `ds`, of `feedback_days`.
        items: rows of `items` of one day.
        users: rows of `users` of one day.
    """
    for name, rows in {"items": items, "users": users}.items():
        sql.register(name, rows)
    judge_all(sql, feedback, asked, judged, judged)
    sums = sql.sql(TALLY, params={"any": ANY_LIST, "drawn": DRAWN, "groups": list(asked.user_groups)}).to_arrow_table()
    return _measured(sums, asked.satisfaction is None or asked.satisfaction.is_share)


def judge(
    sql: "duckdb.DuckDBPyConnection",
    feedback: pa.Table | pads.Dataset,
    asked: Asked,
    judged: str,
    since: str | None = None,
) -> None:
    """Make the table `facts`: each exposure of the day, or of the days since another one, with what did or did not
    happen, 1 or 0, by metric; each judged by what had arrived when its own window had passed."""
    sql.register("feedback", feedback)
    sql.execute(CREDITED, {"impression": IMPRESSION, **_window(asked)})
    types = {"clicks": list(asked.clicks), "conversions": list(asked.conversions)}
    sql.execute(FACTS, {"impression": IMPRESSION, "since": since or judged, "judged": judged, **types})


def judge_all(
    sql: "duckdb.DuckDBPyConnection", feedback: pa.Table | pads.Dataset, asked: Asked, since: str, judged: str
) -> None:
    """`judge`, and the outcomes by which satisfaction goes."""
    judge(sql, feedback, asked, judged, since)
    if asked.satisfaction:
        days = {"since": since, "judged": judged}
        sql.execute(CONTENT, {**days, **_window(asked), **_wanted(asked.satisfaction)})


def _window(asked: Asked) -> dict[str, int]:
    return {"window_us": asked.window_days * 86_400_000_000, "window_days": asked.window_days}


def _wanted(of: Satisfaction) -> dict[str, str | float | bool | None]:
    follower = of.followed_by or of.not_followed_by
    wanted = of.followed_by is not None
    return {"event_type": of.event_type, "at_least": of.at_least, "follower": follower, "wanted": wanted}


def _measured(sums: pa.Table, all_are_shares: bool) -> pa.Table:
    """Values with their intervals: Wilson's of a share, by the normal law of a mean, which one value has none of."""
    n, total, squares = (sums[name].to_numpy().astype(np.float64) for name in ("n", "total", "squares"))
    share = np.full(len(sums), True) if all_are_shares else sums["metric"].to_numpy() != "satisfaction"
    low, high = wilson(np.where(share, total, 0), n)
    of_mean = of_sums(total, squares, n)
    ends = {
        name: pa.array(np.where(share, own, np.round(mean, DECIMALS)), from_pandas=True)
        for name, own, mean in zip(("low", "high"), (low, high), of_mean, strict=True)
    }
    hits = pa.array(total.astype(np.int64), mask=~share)
    told = {name: sums[name] for name in ("list", "metric", "segment", "n")}
    value = np.where(share, total / n, np.round(total / n, DECIMALS))
    return as_metrics({**told, "value": pa.array(value), **ends, "hits": hits})
