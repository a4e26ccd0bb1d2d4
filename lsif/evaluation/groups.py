"""Which groups users and items belong to, as of a day: tables of the engine that everything by group is joined with.

A group is a segment, `user.activity=low` or `item.brand_size=small`; what nobody knows of a user or an item is a
segment of its own, `user.country=`. Groups in thirds cut where a third of the mass ends, and equal ones are never told
apart, so that thirds may be uneven.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as pads

from lsif.fairness import ITEM_GROUPS, USER_GROUPS

if TYPE_CHECKING:
    import duckdb

MOST = 20
"""Values of an attribute or a column that are told apart: those of most users, or of which most was taken. The others
are `(other)`."""


@dataclass(frozen=True)
class Past:
    """What groups are told by, as of the end of a day.

    Attributes:
        begins: the day (`YYYY-MM-DD`) on which the recent days begin.
        events: user_id, item_id, event_time, weight, value of what arrived in them.
        base: user_id, n_events, first_day of a base of histories.
        tiles: user_id, days of the tiles after it.
        users: user_id, attributes as said of users.
        items: a row for each available item: item_id, `category`, `appeared lately` (in the recent days, null where
            nobody knows), and every column that a group is named after.
    """

    begins: str
    events: pa.Table | pads.Dataset
    base: pa.Table | pads.Dataset
    tiles: pa.Table | pads.Dataset
    users: pa.Table | pads.Dataset
    items: pa.Table


TAKEN = """
    CREATE TABLE taken AS
    SELECT user_id, item_id, epoch_us(event_time) // 86400000000 AS day, count(*) AS events,
        coalesce(sum(value), 0) AS value
    FROM past_events WHERE weight > 0 AND user_id IS NOT NULL AND item_id IS NOT NULL
    GROUP BY ALL"""
"""What users took in the recent days."""
HISTORY = """
    CREATE TABLE history AS
    SELECT user_id, sum(n)::BIGINT AS events, min(first_day) AS first_day
    FROM (
        SELECT user_id, n_events AS n, first_day FROM past_base UNION ALL
        SELECT user_id, list_sum(list_transform(days, lambda one: one.n)),
            list_min(list_transform(days, lambda one: one.day))
        FROM past_tiles)
    SEMI JOIN who USING (user_id) GROUP BY user_id"""
THIRDS = """
    CREATE MACRO third(names, before, whole) AS
    if(before IS NULL, NULL, names[1 + least(2, 3 * before // whole)::INTEGER])"""
"""The name of the third in which something begins, of which so much lies before it."""
BUILT_IN_USERS = {
    "activity": """
        WITH active AS (
            SELECT user_id, count(DISTINCT day) AS days, sum(events) AS events
            FROM taken SEMI JOIN who USING (user_id) GROUP BY user_id)
        SELECT user_id, coalesce(level, 'none') AS value FROM who LEFT JOIN (
            SELECT user_id,
                third(['low', 'middle', 'high'], rank() OVER (ORDER BY days, events) - 1, count(*) OVER ()) AS level
            FROM active) USING (user_id)""",
    "history_length": """
        SELECT user_id, coalesce(length, 'none') AS value FROM who LEFT JOIN (
            SELECT user_id,
                third(['short', 'middle', 'long'], rank() OVER (ORDER BY events) - 1, count(*) OVER ()) AS length
            FROM history) USING (user_id)""",
    "new_users": """
        SELECT user_id, if(coalesce(first_day >= getvariable('begins')::DATE, true), 'yes', 'no') AS value
        FROM who LEFT JOIN history USING (user_id)""",
}
BUILT_IN_ITEMS = {
    "popularity": """
        WITH sold AS (SELECT item_id, sum(events) AS events FROM taken SEMI JOIN items USING (item_id) GROUP BY item_id)
        SELECT item_id, coalesce(third(['head', 'middle', 'tail'], before, whole), 'none') AS value
        FROM items LEFT JOIN (
            SELECT item_id, sum(events) OVER (ORDER BY events DESC) - sum(events) OVER (PARTITION BY events) AS before,
                sum(events) OVER () AS whole
            FROM sold) USING (item_id)""",
    "age": """
        SELECT item_id,
            CASE WHEN "appeared lately" THEN 'new' WHEN "appeared lately" IS NOT NULL THEN 'old' END AS value
        FROM items""",
    "brand_size": """
        WITH sizes AS (SELECT brand, count(*) AS items FROM items WHERE brand IS NOT NULL GROUP BY brand)
        SELECT item_id, third(['large', 'middle', 'small'], before, whole) AS value
        FROM items LEFT JOIN (
            SELECT brand, sum(items) OVER (ORDER BY items DESC) - sum(items) OVER (PARTITION BY items) AS before,
                sum(items) OVER () AS whole
            FROM sizes) USING (brand)""",
}
SAID = """
    SELECT user_id, list_filter(attributes, lambda said: said.name = {name})[1].value AS value
    FROM who LEFT JOIN past_users USING (user_id)"""
NUMBERS = """
    SELECT item_id, level AS value FROM items LEFT JOIN (
        SELECT item_id,
            third(['low', 'middle', 'high'], rank() OVER (ORDER BY {column}) - 1, count(*) OVER ()) AS level
        FROM items WHERE {column} IS NOT NULL) USING (item_id)"""
FEW = """
    WITH told AS ({query}),
    often AS (
        SELECT told.value FROM told {weighed} GROUP BY told.value ORDER BY {weight} DESC, told.value LIMIT {most})
    SELECT {id}, CASE WHEN value IS NULL OR value IN (FROM often) THEN value ELSE '(other)' END AS value FROM told"""


def register(sql: "duckdb.DuckDBPyConnection", past: Past) -> None:
    """Make the tables `taken`, `history` and `items`; the table `who`, users that groups are of, is there."""
    for name in ("events", "base", "tiles", "users"):
        sql.register(f"past_{name}", getattr(past, name))
    sql.register("items", past.items)
    sql.execute("SET VARIABLE begins = ?", [past.begins])
    for query in (TAKEN, HISTORY, THIRDS):
        sql.execute(query)


def user_groups(sql: "duckdb.DuckDBPyConnection", names: Sequence[str]) -> None:
    """Make the table `user_groups`: user_id, segment, a row for each user of `who` and each group that is named."""
    queries = {name: BUILT_IN_USERS[name] for name in names if name in USER_GROUPS}
    queries |= {name: _few("user_id", SAID.format(name=_text(name))) for name in names if name not in queries}
    _store(sql, "user", queries)


def item_groups(sql: "duckdb.DuckDBPyConnection", names: Sequence[str], items: pa.Schema) -> None:
    """Make the table `item_groups`: item_id, segment, a row for each available item and each group that is named."""
    queries = {name: BUILT_IN_ITEMS[name] for name in names if name in ITEM_GROUPS}
    queries |= {name: _of_column(name, items.field(name).type) for name in names if name not in queries}
    _store(sql, "item", queries)


def _of_column(name: str, kind: pa.DataType) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if pa.types.is_floating(kind):
        return NUMBERS.format(column=column)
    return _few("item_id", f"SELECT item_id, {column}::VARCHAR AS value FROM items")


def _few(key: str, query: str) -> str:
    of_items = {"weighed": "LEFT JOIN taken USING (item_id)", "weight": "sum(coalesce(events, 0))"}
    of_users = {"weighed": "", "weight": "count(*)"}
    return FEW.format(query=query, most=MOST, id=key, **(of_items if key == "item_id" else of_users))


def _store(sql: "duckdb.DuckDBPyConnection", of: str, queries: dict[str, str]) -> None:
    sql.execute(f"CREATE TABLE {of}_groups ({of}_id VARCHAR, segment VARCHAR)")
    for name, query in queries.items():
        prefix = _text(f"{of}.{name}=")
        sql.execute(f"INSERT INTO {of}_groups SELECT {of}_id, concat({prefix}, value) FROM ({query})")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
