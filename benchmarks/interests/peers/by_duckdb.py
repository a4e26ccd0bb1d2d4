"""The features in DuckDB."""

from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.interests.peers.task import Task, serve

THREADS, MEMORY = 2, "4GB"

HISTORIES = """
    CREATE TEMP TABLE histories AS
    WITH days AS (
        SELECT user_id, item_id, CAST(event_time AS DATE) AS day, count(*) AS n, sum(weight) AS weight
        FROM events WHERE weight > 0 AND item_id IS NOT NULL GROUP BY ALL
    )
    SELECT user_id, item_id, CAST(sum(n) AS BIGINT) AS n, [{weights}] AS weights, min(day) AS first_day,
           list_sort(list(day))[-{last_days}:] AS last_days
    FROM days GROUP BY user_id, item_id
"""
CATEGORIES = """
    SELECT user_id, category, CAST(sum(n) AS BIGINT) AS n, [{sums}] AS weights
    FROM histories JOIN items USING (item_id) WHERE category IS NOT NULL GROUP BY user_id, category
"""
WINDOWS = """
    WITH recent AS (
        SELECT user_id, item_id, event_type, event_time FROM events
        WHERE item_id IS NOT NULL AND ds > DATE '{ds}' - {recent_days}
          AND CAST(event_time AS DATE) > DATE '{ds}' - {recent_days} AND CAST(event_time AS DATE) <= DATE '{ds}'
    )
    SELECT user_id, list({{'event_time': event_time, 'item_id': item_id, 'event_type': event_type}}
                         ORDER BY event_time, item_id, event_type)[-{window_events}:] AS events
    FROM recent GROUP BY user_id
"""
USER_DAYS = """
    SELECT ds, user_id, count(*) AS events, count(DISTINCT CASE WHEN weight > 0 THEN event_time END) AS baskets
    FROM events GROUP BY ds, user_id
"""
ITEM_DAYS = """
    WITH baskets AS (
        SELECT ds, item_id, user_id, event_time, count(*) AS events, sum(weight) AS weight
        FROM events WHERE weight > 0 AND item_id IS NOT NULL GROUP BY ALL
    )
    SELECT ds, item_id, CAST(sum(events) AS BIGINT) AS events, count(*) AS baskets,
           count(DISTINCT user_id) AS buyers, sum(weight) AS weight
    FROM baskets GROUP BY ds, item_id
"""


def start() -> Callable[[Task, Path], None]:
    engine = duckdb.connect()
    engine.sql(f"SET threads = {THREADS}; SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = false")
    engine.sql("SET TimeZone = 'UTC'")

    def work(task: Task, out: Path) -> None:
        engine.sql(f"CREATE OR REPLACE VIEW events AS SELECT * FROM read_parquet({task.events}, hive_partitioning = 1)")
        engine.sql(f"CREATE OR REPLACE VIEW items AS SELECT * FROM '{task.items}'")
        decay = "pow(2, -date_diff('day', day, DATE '{ds}') / {half_life})".format
        weights = [f"sum(weight * {decay(ds=task.ds, half_life=float(life))})" for life in task.half_lives_days]
        engine.sql("DROP TABLE IF EXISTS histories")
        engine.sql(HISTORIES.format(weights=", ".join(weights), last_days=task.last_days))
        sums = ", ".join(f"sum(weights[{n + 1}])" for n in range(len(weights)))
        save("histories", "FROM histories", out)
        save("categories", CATEGORIES.format(sums=sums), out)
        save("windows", WINDOWS.format(**vars(task)), out)
        save("user_days", USER_DAYS, out)
        save("item_days", ITEM_DAYS, out)

    def save(name: str, query: str, out: Path) -> None:
        engine.sql(f"COPY ({query}) TO '{out}/{name}.parquet' (COMPRESSION zstd)")

    return work


if __name__ == "__main__":
    serve(start)
