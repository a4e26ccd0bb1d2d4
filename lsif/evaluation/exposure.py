"""What lists show of whose items, and to whom they show what is popular: known before anybody has clicked.

An item at rank r has exposure 1 / log2(r + 1), the discount of DCG (Singh and Joachims, Fairness of Exposure in
Rankings, KDD 2018). Every row is counted, so that there are no intervals; sums are of whole numbers, or rounded, since
an engine adds in any order. Some users are asked after the others, so that the size of a night is no matter of memory.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as pads

from lsif.engine import some_after_others, users_in
from lsif.evaluation.feedback import ALL, METRICS
from lsif.evaluation.groups import Past, item_groups, register, user_groups
from lsif.evaluation.rates import DECIMALS

if TYPE_CHECKING:
    import duckdb

SMOOTHING = 0.01
"""Steck's α: so much of a user's own mix is added to the list's, so that what it lacks costs much and not for ever."""

TABLES = """
    CREATE TABLE popular AS SELECT item_id, sum(events)::BIGINT AS events FROM taken GROUP BY item_id;
    CREATE TABLE seen (list VARCHAR, segment VARCHAR, item_id VARCHAR, rows BIGINT, exposure BIGINT);
    CREATE TABLE means (metric VARCHAR, list VARCHAR, segment VARCHAR, value DOUBLE, weight DOUBLE, users BIGINT)"""
"""`seen` has exposure in billionths; a mean of `means` is the sum of `value` over that of `weight`."""
MEMBERS = f"""
    CREATE OR REPLACE TABLE members AS
    FROM user_groups SEMI JOIN block USING (user_id) UNION ALL SELECT user_id, '{ALL}' FROM block;
    CREATE OR REPLACE TABLE had AS FROM taken SEMI JOIN block USING (user_id)"""
SEEN = """
    CREATE OR REPLACE TABLE seen AS
    SELECT list, segment, item_id, sum(rows)::BIGINT AS rows, sum(exposure)::BIGINT AS exposure
    FROM (
        FROM seen UNION ALL
        SELECT list, segment, item_id, count(*), sum((1e9 / log2(rank + 1))::BIGINT)
        FROM listed JOIN members USING (user_id) GROUP BY ALL)
    GROUP BY ALL"""
OF_ITEMS = f"""
    WITH sold AS (SELECT item_id, sum(events) AS events, sum(value) AS value FROM taken GROUP BY item_id),
    groups AS (
        SELECT segment, count(*) AS items, coalesce(sum(events), 0)::BIGINT AS events, sum(value) AS value
        FROM item_groups LEFT JOIN sold USING (item_id) GROUP BY segment),
    wholes AS (
        SELECT count(*) AS items, sum(events) AS events, sum(value) AS value FROM items LEFT JOIN sold USING (item_id)),
    shown AS (
        SELECT list, segment, sum(g.rows)::BIGINT AS rows, sum(g.exposure) AS exposure, count(*) AS items
        FROM (SELECT list, item_id, rows, exposure FROM seen WHERE segment = '{ALL}') g
        JOIN item_groups USING (item_id) GROUP BY ALL),
    whole AS (SELECT list, sum(exposure) AS exposure FROM seen WHERE segment = '{ALL}' GROUP BY list)
    SELECT w.list, g.segment, coalesce(s.rows, 0) AS rows, coalesce(s.items, 0) / g.items AS coverage,
        coalesce(s.exposure, 0) / w.exposure AS share, g.events, g.items,
        share / (g.events / nullif(wholes.events, 0)) AS to_taken,
        share / (g.items / wholes.items) AS to_catalogue,
        if(g.value > 0 AND wholes.value > 0, share / (g.value / wholes.value), NULL) AS to_sales
    FROM whole w, groups g, wholes LEFT JOIN shown s ON s.list = w.list AND s.segment = g.segment
    ORDER BY ALL"""
OF_LISTS = """
    WITH ordered AS (
        SELECT list, segment, exposure, row_number() OVER (PARTITION BY list, segment ORDER BY exposure) AS place
        FROM seen SEMI JOIN items USING (item_id))
    SELECT list, segment, count(*) / $items AS coverage,
        2 * sum((place + $items - shown) * exposure::HUGEINT) / ($items * sum(exposure)::DOUBLE) - ($items + 1) / $items
    FROM ordered JOIN (SELECT list, segment, count(*) AS shown FROM ordered GROUP BY ALL) USING (list, segment)
    GROUP BY ALL ORDER BY ALL"""
"""Coverage and Gini's coefficient, of items in ascending order; those that are not shown have exposure 0 and stand
before all others."""
LIFT = """
    WITH own AS (
        SELECT user_id, avg(popular.events) AS popularity
        FROM (SELECT DISTINCT user_id, item_id FROM had) JOIN popular USING (item_id) GROUP BY user_id),
    got AS (
        SELECT list, user_id, avg(coalesce(events, 0)) AS popularity
        FROM listed LEFT JOIN popular USING (item_id) GROUP BY ALL)
    INSERT INTO means
    SELECT 'popularity_lift', list, segment, sum(got.popularity), sum(own.popularity), count(*)
    FROM got JOIN own USING (user_id) JOIN members USING (user_id) GROUP BY ALL"""
CALIBRATION = f"""
    WITH kinds AS (SELECT item_id, category FROM items WHERE category IS NOT NULL),
    own AS (
        SELECT user_id, category, sum(events) / sum(sum(events)) OVER (PARTITION BY user_id) AS share
        FROM had JOIN kinds USING (item_id) GROUP BY user_id, category),
    got AS (
        SELECT list, user_id, category,
            sum(1 / log2(rank + 1)) / sum(sum(1 / log2(rank + 1))) OVER (PARTITION BY list, user_id) AS share
        FROM listed JOIN kinds USING (item_id) GROUP BY list, user_id, category),
    divergences AS (
        SELECT list, user_id,
            sum(p.share * ln(p.share / ((1 - {SMOOTHING}) * coalesce(q.share, 0) + {SMOOTHING} * p.share))) AS nats
        FROM (SELECT DISTINCT list, user_id FROM listed) JOIN own p USING (user_id)
        LEFT JOIN got q USING (list, user_id, category) GROUP BY ALL)
    INSERT INTO means
    SELECT 'calibration', list, segment, sum(nats), count(*), count(*)
    FROM divergences JOIN members USING (user_id) GROUP BY ALL"""
OF_USERS = """
    SELECT list, metric, segment, sum(value) / sum(weight) - if(metric = 'popularity_lift', 1, 0), sum(users)::BIGINT
    FROM means GROUP BY list, metric, segment ORDER BY ALL"""


def exposure_rows(
    sql: "duckdb.DuckDBPyConnection",
    listed: pa.Table | pads.Dataset,
    past: Past,
    of_users: Sequence[str],
    of_items: Sequence[str],
) -> pa.Table:
    """Rows of `metrics_daily` for each list of a night, `fair.*`, by segment; what nothing can be said of has none.

    `exposure` of a group of items is its share of what the list shows, and `exposure_to_taken` that share over the
    group's share of what was taken in the recent days, likewise `_to_catalogue` and `_to_sales`. `coverage` and `gini`
    are over available items; `popularity_lift` and `calibration` of the users who took something in the recent days.

    Args:
        listed: list, user_id, rank, item_id.
        of_users, of_items: names of groups.
    """
    sql.register("listed", listed)
    sql.execute("CREATE TABLE who AS SELECT DISTINCT user_id FROM listed")
    register(sql, past)
    user_groups(sql, of_users)
    item_groups(sql, of_items, past.items.schema)
    sql.execute(TABLES)
    for users, theirs in some_after_others(listed, users_in(sql, "who")):
        sql.register("listed", theirs)
        sql.register("block", pa.table({"user_id": users}))
        for query in (MEMBERS, SEEN, LIFT, CALIBRATION):
            sql.execute(query)
    found = [*_of_items(sql), *_of_lists(sql, len(past.items)), *sql.sql(OF_USERS).fetchall()]
    rows = [
        {"list": name, "metric": f"fair.{metric}", "segment": segment, "value": round(value, DECIMALS), "n": n}
        for name, metric, segment, value, n in found
        if n and value is not None
    ]
    return pa.Table.from_pylist(rows, schema=METRICS)


Found = tuple[str, str, str, Any, int]
"""List, metric, segment, value, n."""


def _of_items(sql: "duckdb.DuckDBPyConnection") -> Iterator[Found]:
    for row in sql.sql(OF_ITEMS).to_arrow_table().to_pylist():
        name, segment = row["list"], row["segment"]
        yield name, "exposure", segment, row["share"], row["items"]
        yield name, "exposure_to_taken", segment, row["to_taken"], row["events"]
        yield name, "exposure_to_catalogue", segment, row["to_catalogue"], row["items"]
        yield name, "exposure_to_sales", segment, row["to_sales"], row["events"]
        yield name, "coverage", segment, row["coverage"], row["items"]


def _of_lists(sql: "duckdb.DuckDBPyConnection", items: int) -> Iterator[Found]:
    for name, segment, coverage, gini in sql.execute(OF_LISTS, {"items": items}).fetchall():
        yield name, "coverage", segment, coverage, items
        yield name, "gini", segment, gini, items
