"""The audit of a night's rows before anyone can see them. A check fails (nothing is published) or warns.

Every check is a query that gives what is wrong, a line of text each, over the tables `listed` (the night's rows),
`users` and `items` (those that belong) and `expected` (one row: `n` rows of a user, `total` of all). DuckDB reads the
rows as a stream and spills to disk, so that the size of a night is no matter of memory.
"""

from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as pads

from lsif.checks import Check
from lsif.checks.check import Verdict
from lsif.errors import LsifError
from lsif.ranking.rows import FALLBACK, NO_MODEL, SHARES

if TYPE_CHECKING:
    import duckdb

MEMORY, NAMED = "1GB", 3

TOLERANCE = 1e-5
LEVELS: tuple[Verdict, ...] = ("fail", "warn")


@dataclass(frozen=True)
class Expected:
    """What a night's rows must agree with.

    Attributes:
        users: sorted ids of the eligible users.
        items: sorted ids of the available items.
        k: rows per user.
    """

    users: pa.Array
    items: pa.Array
    k: int


def audit(rows: pa.Table | pads.Dataset, expected: Expected) -> list[Check]:
    """Every check's verdict, those that fail first; the note says what is wrong."""
    import duckdb

    with TemporaryDirectory() as spill, duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spill}) as sql:
        sql.register("listed", rows)
        sql.register("users", pa.table({"user_id": expected.users}))
        sql.register("items", pa.table({"item_id": expected.items}))
        n = min(expected.k, len(expected.items))
        sql.execute("CREATE TABLE expected AS SELECT ? AS n, ? AS total", [n, n * len(expected.users)])
        failing = [_verdict(sql, name, query, "fail") for name, query in FAIL.items()]
        return failing + [_verdict(sql, name, query, "warn") for name, query in WARN.items()]


def passed(checks: list[Check]) -> list[str]:
    """The warnings, when there is nothing worse.

    Raises:
        LsifError: a check failed; it names them all.
    """
    said = {verdict: [f"{verdict} {c.name}: {c.note}" for c in checks if c.verdict == verdict] for verdict in LEVELS}
    if said["fail"]:
        raise LsifError(f"the audit stops this list, nothing is published: {'; '.join(said['fail'])}")
    return said["warn"]


FAIL = {
    "row_count": """
        SELECT format('{:,} rows where {:,} belong', found, total)
        FROM (SELECT count(*) AS found FROM listed), expected WHERE found <> total""",
    "users": """
        SELECT DISTINCT concat('nobody knows the user ', user_id) FROM listed ANTI JOIN users USING (user_id) UNION ALL
        SELECT 'no list for the user ' || user_id FROM users ANTI JOIN listed USING (user_id)""",
    "ranks": """
        SELECT concat('ranks are not 1 to ', any_value(n), ' for the user ', user_id)
        FROM listed, expected GROUP BY user_id
        HAVING NOT (count(*) = any_value(n) AND count(DISTINCT rank) = count(*) AND min(rank) = 1
                    AND max(rank) = count(*))""",
    "duplicates": """
        SELECT concat('an item twice in the list of the user ', user_id)
        FROM listed GROUP BY user_id HAVING count(*) > count(DISTINCT item_id)""",
    "items": """
        SELECT DISTINCT concat('unknown or not available is the item ', item_id)
        FROM listed ANTI JOIN items USING (item_id)""",
    "scores": """
        SELECT concat('the score at rank ', rank, ' of the user ', user_id,
                      ' is not finite, or above the one before it')
        FROM (SELECT *, lag(score) OVER (PARTITION BY user_id ORDER BY rank) AS before FROM listed)
        WHERE isfinite(score) IS NOT TRUE OR score > before""",
    "shares": f"""
        SELECT concat('shares at rank ', rank, ' of the user ', user_id, ' are not positive parts of one')
        FROM listed
        WHERE (least({", ".join(SHARES)}) >= 0 AND abs({" + ".join(SHARES)} - 1) < {TOLERANCE}) IS NOT TRUE""",
    "one_version": """
        SELECT concat('model versions in one night: ', string_agg(DISTINCT version, ', ' ORDER BY version))
        FROM (SELECT coalesce(model_version, 'null') AS version FROM listed) HAVING count(DISTINCT version) <> 1""",
    "recommendation_ids": """
        SELECT format('{:,} recommendation ids are not their own', count(*) - count(DISTINCT recommendation_id))
        FROM listed HAVING count(*) > count(DISTINCT recommendation_id)""",
}
WARN = {
    "no_model": f"""
        SELECT 'popular lists only, without a model' FROM listed HAVING bool_or(model_version = '{NO_MODEL}')""",
    "fallback": f"""
        SELECT format('{{:.0f}} % of the rows are the popular fallback', 100 * avg((reason_code = '{FALLBACK}')::int))
        FROM listed HAVING avg((reason_code = '{FALLBACK}')::int) > 0.5""",
}


def _verdict(sql: "duckdb.DuckDBPyConnection", name: str, query: str, level: Verdict) -> Check:
    sentence = _sentence(sql, query)
    return Check(name, None, None, level if sentence else "pass", sentence or None)


def _sentence(sql: "duckdb.DuckDBPyConnection", query: str) -> str:
    lines = [line for (line,) in sql.execute(f"SELECT * FROM ({query}) LIMIT {NAMED + 1}").fetchall()]
    return "; ".join(lines[:NAMED]) + ("; and more" if len(lines) > NAMED else "")
