"""Which items lay in one basket lately, counted by DuckDB in bounded memory.

A basket is what a user took on one UTC day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before
from lsif.engine import engine
from lsif.features.ragged import Array, day_number, indices_in
from lsif.interests.as_of import log_begins
from lsif.tables import Tables

if TYPE_CHECKING:
    import duckdb

MOST_ITEMS = 64
"""Of a basket; of a larger one so many are drawn, the same ones every time."""
MOST_PAIRS = 2**25
"""In all baskets together; of more, the baskets of every second user count, of every fourth, and so on."""
FEWEST_USERS = 3
"""Who took two items together, below which it is chance, or one household."""
SPAN = 2**20
"""Days that a number of a basket has room for."""
BASKETS = f"""
    CREATE TABLE users AS
    SELECT user_id, row_number() OVER (ORDER BY user_id) - 1 AS number FROM (SELECT DISTINCT user_id FROM taken);
    CREATE TABLE baskets AS SELECT DISTINCT number * {SPAN} + day AS basket, item FROM taken JOIN users USING (user_id);
    CREATE TABLE sizes AS SELECT basket, count(*) AS size FROM baskets GROUP BY basket;
    CREATE TABLE kept AS
    SELECT basket, item FROM baskets JOIN sizes USING (basket) WHERE size <= {MOST_ITEMS}
    UNION ALL
    SELECT basket, item FROM baskets JOIN sizes USING (basket) WHERE size > {MOST_ITEMS}
    QUALIFY row_number() OVER (PARTITION BY basket ORDER BY md5(concat(basket, ' ', item)), item) <= {MOST_ITEMS}
"""
PAIRS = f"""
    SELECT sum(n * (n - 1) // 2)
    FROM (SELECT count(*) AS n FROM kept WHERE basket // {SPAN} % $step = 0 GROUP BY basket)
"""
TOGETHER = f"""
    WITH chosen AS (SELECT basket, item FROM kept WHERE basket // {SPAN} % $step = 0),
    by_user AS (
        SELECT one.item AS item, two.item AS other, count(*) AS baskets
        FROM chosen one JOIN chosen two ON one.basket = two.basket AND one.item < two.item
        GROUP BY one.item, two.item, one.basket // {SPAN})
    SELECT item, other, sum(baskets)::BIGINT AS baskets, count(*) AS users
    FROM by_user GROUP BY item, other HAVING count(*) >= {FEWEST_USERS} ORDER BY item, other
"""
ALONE = f"SELECT item, count(*) AS baskets FROM kept WHERE basket // {SPAN} % $step = 0 GROUP BY item ORDER BY item"
ALL = f"SELECT count(DISTINCT basket) FROM kept WHERE basket // {SPAN} % $step = 0"


@dataclass(frozen=True)
class Baskets:
    """Counts of baskets with items.

    Attributes:
        item, other: numbers of two items, the first the smaller, each pair once [P].
        baskets, users: how many baskets hold both, and of how many users these are [P].
        alone: how many baskets hold each item [V].
        all: how many there are.
        step: of how many users one was looked at.
    """

    item: Array
    other: Array
    baskets: Array
    users: Array
    alone: Array
    all: int
    step: int = 1


def days_of(tables: Tables, ds: str, recent_days: int) -> list[str]:
    """The days of arrival whose tiles hold what was taken in the last `recent_days`.

    Raises:
        MissingDays: one of them is missing.
    """
    first = max(day_before(ds, recent_days - 1), log_begins(tables, "history_tiles", ds))
    return tables.require_days("history_tiles", first, ds)


def baskets(tables: Tables, ds: str, recent_days: int, item_ids: pa.Array) -> Baskets:
    """What was taken in the last `recent_days` up to `ds`, of the items that are asked for.

    Raises:
        MissingDays: as `days_of`.
    """
    tiles = tables.by_day("history_tiles", days_of(tables, ds, recent_days), ["user_id", "item_id", "days"])
    first = day_number(ds) - recent_days + 1
    return counted((_taken(rows, first, item_ids) for _, rows in tiles), len(item_ids))


def counted(parts: Iterator[pa.Table], items: int) -> Baskets:
    """
    Args:
        parts: user_id, day, item: what was taken, each at least once.
        items: how many there are, by number.
    """
    with engine() as sql:
        sql.execute("SET preserve_insertion_order = false")
        sql.execute("CREATE TABLE taken (user_id VARCHAR, day BIGINT, item BIGINT)")
        for part in parts:
            sql.register("part", part)
            sql.execute("INSERT INTO taken SELECT user_id, day, item FROM part")
            sql.unregister("part")
        sql.execute(BASKETS)
        step = 1
        while _number(sql, PAIRS, step) > MOST_PAIRS:
            step *= 2
        pairs = sql.execute(TOGETHER, {"step": step}).fetchnumpy()
        held = sql.execute(ALONE, {"step": step}).fetchnumpy()
        alone = np.zeros(items, np.int64)
        alone[held["item"]] = held["baskets"]
        return Baskets(
            **{name: np.asarray(of) for name, of in pairs.items()}, alone=alone, all=_number(sql, ALL, step), step=step
        )


def _number(sql: "duckdb.DuckDBPyConnection", query: str, step: int) -> int:
    (found,) = sql.execute(query, {"step": step}).fetchone() or (0,)
    return int(found or 0)


def _taken(tiles: pa.Table, first: int, item_ids: pa.Array) -> pa.Table:
    """What a day's tiles say was taken since the day of that number."""
    lists = tiles["days"].combine_chunks()
    parents = np.asarray(pc.list_parent_indices(lists))
    day = np.asarray(pc.struct_field(pc.list_flatten(lists), "day").cast(pa.int32())).astype(np.int64)
    item = indices_in(tiles["item_id"], item_ids)[parents]
    kept = (day >= first) & (item >= 0)
    users = tiles["user_id"].cast(pa.string()).take(pa.array(parents[kept]))
    return pa.table({"user_id": users, "day": day[kept], "item": item[kept]})
