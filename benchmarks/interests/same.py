"""Whether a peer's features are LSIF's: counts, days, windows exactly, decayed weights to 1e-9 of their size."""

from pathlib import Path

import duckdb
from deltalake import DeltaTable

from lsif.tables import Tables

RELATIVE = 1e-9
MEMORY = "4GB"

COUNTED = "a.n IS DISTINCT FROM b.n"
WEIGHED = f"list_max(list_transform(list_zip(a.weights, b.weights), lambda w: abs(w[1] - w[2]) / w[2])) > {RELATIVE}"
IN_ORDER = "list_transform({}.events, lambda e: {{'t': e.event_time, 'i': e.item_id, 'k': e.event_type}})"
TILE = "(a.events, a.baskets) IS DISTINCT FROM (b.events, b.baskets)"

COMPARED = {
    "histories": (
        "long_term_histories",
        "SELECT user_id, i.* FROM (SELECT user_id, unnest(items) AS i FROM ours)",
        "user_id, item_id",
        f"{COUNTED} OR {WEIGHED} OR (a.first_day, a.last_days) IS DISTINCT FROM (b.first_day, b.last_days)",
    ),
    "categories": (
        "long_term_histories",
        "SELECT user_id, c.* FROM (SELECT user_id, unnest(categories) AS c FROM ours)",
        "user_id, category",
        f"{COUNTED} OR {WEIGHED}",
    ),
    "windows": (
        "recent_windows",
        "FROM ours",
        "user_id",
        f"{IN_ORDER.format('a')} IS DISTINCT FROM {IN_ORDER.format('b')}",
    ),
    "user_days": ("user_tiles", "FROM ours", "ds, user_id", TILE),
    "item_days": (
        "item_tiles",
        "FROM ours",
        "ds, item_id",
        f"{TILE} OR a.buyers IS DISTINCT FROM b.buyers OR abs(a.weight - b.weight) > {RELATIVE} * b.weight",
    ),
}
"""Feature = table of ours, its rows as the peer has them, key, and when two rows differ."""


def files_of(tables: Tables, name: str, days: list[str]) -> list[str]:
    return sorted(DeltaTable(tables.path(name)).file_uris([("ds", "in", days)]))


def different(tables: Tables, days: list[str], theirs: Path) -> dict[str, tuple[int, int]]:
    """Rows that differ or that only one of both has, and rows compared, of each feature as of the last of `days`."""
    engine = duckdb.connect()
    engine.sql(f"SET memory_limit = '{MEMORY}'; SET threads = 2; SET TimeZone = 'UTC'")
    found = {}
    for feature, (table, rows, key, differs) in COMPARED.items():
        wanted = days if table.endswith("tiles") else days[-1:]
        files = files_of(tables, table, wanted)
        hive = "hive_partitioning = 1, hive_types = {'ds': VARCHAR}"
        engine.sql(f"CREATE OR REPLACE TEMP VIEW ours AS SELECT * FROM read_parquet({files}, {hive})")
        whole = theirs / f"{feature}.parquet"
        parts = whole / "*.parquet" if whole.is_dir() else whole
        engine.sql(f"CREATE OR REPLACE TEMP VIEW theirs AS FROM read_parquet('{parts}')")
        one_side = " OR ".join(f"{side}.{key.split(', ')[-1]} IS NULL" for side in "ab")
        joined = f"({rows}) a FULL JOIN theirs b USING ({key})"
        ((bad, rows_compared),) = engine.sql(
            f"SELECT count(*) FILTER ({one_side} OR {differs}), count(*) FROM {joined}"
        ).fetchall()
        found[feature] = (bad, rows_compared)
    return found
