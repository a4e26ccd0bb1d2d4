"""The audit of a night's rows before anyone can see them. A check fails (nothing is published) or warns.

Every check is a query that gives what is wrong, a line of text each, over the tables `listed` (the night's rows),
`users` and `items` (those that belong), `touched` (what the users in `looked_into` did), `lists` and `lengths` (what
each user's lists hold). What is asked of each user's rows is asked of some users after the others, so that the size of
a night is no matter of memory; the rest reads them as a stream.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as pads

from lsif.checks import Check
from lsif.checks.check import Verdict
from lsif.engine import engine, some_after_others
from lsif.errors import LsifError
from lsif.list_rules import ListRules
from lsif.ranked_list import RankedList
from lsif.ranking.rows import FALLBACK, NO_MODEL, PARTS, SHARES

if TYPE_CHECKING:
    import duckdb

NAMED = 3

TOLERANCE = 1e-5
LEVELS: tuple[Verdict, ...] = ("fail", "warn")


@dataclass(frozen=True)
class Expected:
    """What a night's rows must agree with.

    Attributes:
        users: sorted ids of the eligible users.
        items: sorted ids of the available items.
        lists: by name.
        rules: of each list; rows of one may be moved, and it may be short.
        missing: rows that score_users says a list lacks since no item was left, by list; of lists with rules.
        closed: list, item_id of what filters of items keep out.
        owned: how many available items each of some users (sorted ids) has had: user_id, owned; no row for none.
        looked_into: ids of users whose evidence is compared with their log.
        touched: what those did: user_id, item_id, piece (`history` or `window`).
    """

    users: pa.Array
    items: pa.Array
    lists: Mapping[str, RankedList]
    rules: Mapping[str, ListRules]
    missing: Mapping[str, int]
    closed: pa.Table
    owned: Callable[[pa.Array], pa.Table]
    looked_into: pa.Array
    touched: pa.Table


def audit(rows: pa.Table | pads.Dataset, expected: Expected) -> list[Check]:
    """Every check's verdict, those that fail first; the note says what is wrong."""
    found: dict[str, list[str]] = {name: [] for name in CHECKS}
    with engine() as sql:
        sql.register("items", pa.table({"item_id": expected.items}))
        sql.register("lists", pa.Table.from_pylist([_asked(name, expected) for name in expected.lists]))
        sql.register("closed", expected.closed)
        sql.register("looked_into", pa.table({"user_id": expected.looked_into}))
        sql.register("touched", expected.touched)
        sql.execute(LACKING)
        for users, theirs in some_after_others(rows, expected.users):
            sql.register("listed", theirs)
            sql.register("users", pa.table({"user_id": users}))
            sql.execute(LENGTHS, [len(expected.items)])
            sql.execute(
                "INSERT INTO lacking SELECT list, missing, k - found FROM lengths WHERE ruled AND kind <> 'own'"
            )
            short = pa.array([user for (user,) in sql.execute(SHORT).fetchall()], pa.string())
            sql.register("owners", expected.owned(short) if len(short) else NO_OWNERS)
            for name in FAIL.keys() - OF_NIGHT:
                found[name] += _lines(sql, FAIL[name])
        sql.register("listed", rows)
        for name in OF_NIGHT:
            found[name] += _lines(sql, CHECKS[name])
    return [_check(name, lines) for name, lines in found.items()]


def _asked(name: str, expected: Expected) -> dict[str, object]:
    of, rules = expected.lists[name], expected.rules[name]
    mixed = rules != ListRules() and of.new_share is not None
    return {
        "list": name,
        "kind": of.items,
        "k": of.k,
        "ruled": rules != ListRules(),
        "moves": rules.moves or mixed,
        "missing": expected.missing.get(name, 0),
    }


def passed(checks: Sequence[Check]) -> list[str]:
    """The warnings, when there is nothing worse.

    Raises:
        LsifError: a check failed; it names them all.
    """
    said = {verdict: [f"{verdict} {c.name}: {c.note}" for c in checks if c.verdict == verdict] for verdict in LEVELS}
    if said["fail"]:
        raise LsifError(f"the audit stops this list, nothing is published: {'; '.join(said['fail'])}{_way_on(checks)}")
    return said["warn"]


def _way_on(checks: Sequence[Check]) -> str:
    """How a person may let the day pass, where nothing but bounds of settings failed."""
    failed = [check for check in checks if check.verdict == "fail"]
    if any(check.section == Check.section for check in failed):
        return ""
    settings = ", ".join(f"{check.section}.{check.name}" for check in failed)
    accept = " ".join(f"--accept {check.name}" for check in failed)
    return f'. You may set {settings}, or let this day pass: {accept} --reason "..."'


NO_OWNERS = pa.table({"user_id": pa.array([], pa.string()), "owned": pa.array([], pa.int64())})
LENGTHS = """
    CREATE OR REPLACE TABLE lengths AS SELECT *, coalesce(rows, 0) AS found, ? AS items
    FROM (SELECT * FROM users, lists)
    LEFT JOIN (SELECT list, user_id, count(*) AS rows FROM listed GROUP BY list, user_id) USING (list, user_id)"""
"""How many rows each list of each user has."""
LACKING = "CREATE TABLE lacking (list VARCHAR, missing BIGINT, rows BIGINT)"
LACKS = """
    INSERT INTO lacking
    SELECT list, missing, sum(k - found) FROM lengths WHERE ruled AND kind <> 'own' GROUP BY list, missing"""
"""How many rows are missing of lists for which that was counted when they were made, some users after the others."""
SHORT = """
    SELECT DISTINCT user_id FROM lengths WHERE kind = 'new' AND NOT ruled AND found < least(k, items)
    ORDER BY user_id"""
"""Users of whom it must be asked whether they have had nearly everything."""
FAIL = {
    "lists": """
        SELECT DISTINCT concat('nobody knows the list ', list) FROM listed ANTI JOIN lists USING (list)""",
    "row_count": """
        SELECT concat(found, ' rows in the list ', list, ' of the user ', user_id)
        FROM lengths LEFT JOIN owners USING (user_id)
        WHERE found > k OR (kind = 'all' AND NOT ruled AND found <> least(k, items))
           OR (kind = 'new' AND NOT ruled AND found < least(k, items) AND found <> items - coalesce(owned, 0))""",
    "missing_rows": """
        SELECT format('{:,} rows are missing of the list {}, where scoring counted {:,}', sum(rows), list, missing)
        FROM lacking GROUP BY list, missing HAVING sum(rows) <> missing""",
    "users": """
        SELECT DISTINCT concat('nobody knows the user ', user_id) FROM listed ANTI JOIN users USING (user_id) UNION ALL
        SELECT 'no list for the user ' || user_id FROM users ANTI JOIN listed USING (user_id)
        WHERE EXISTS (SELECT * FROM lists WHERE kind <> 'own' AND NOT ruled)""",
    "ranks": """
        SELECT concat('ranks of ', list, ' are not 1 to ', count(*), ' for the user ', user_id)
        FROM listed GROUP BY list, user_id
        HAVING NOT (count(DISTINCT rank) = count(*) AND min(rank) = 1 AND max(rank) = count(*))""",
    "duplicates": """
        SELECT concat('an item twice in the list ', list, ' of the user ', user_id)
        FROM listed GROUP BY list, user_id HAVING count(*) > count(DISTINCT item_id)""",
    "items": """
        SELECT DISTINCT concat('unknown or not available is the item ', item_id)
        FROM listed ANTI JOIN items USING (item_id)""",
    "filters": """
        SELECT DISTINCT concat('kept out by a filter of the list ', list, ' is the item ', item_id)
        FROM listed SEMI JOIN closed USING (list, item_id)""",
    "scores": """
        SELECT concat('the score at rank ', rank, ' of ', list, ' of the user ', user_id,
                      ' is not finite, or above the one before it')
        FROM (SELECT *, lag(score) OVER (PARTITION BY list, user_id ORDER BY rank) AS before FROM listed)
        LEFT JOIN lists USING (list)
        WHERE isfinite(score) IS NOT TRUE OR (score > before AND NOT coalesce(moves, false))""",
    "shares": f"""
        SELECT concat('shares at rank ', rank, ' of the user ', user_id, ' are not positive parts of one')
        FROM listed
        WHERE (least({", ".join(SHARES)}) >= 0 AND abs({" + ".join(SHARES)} - 1) < {TOLERANCE}) IS NOT TRUE""",
    "parts": f"""
        SELECT concat('parts at rank ', rank, ' of ', list, ' of the user ', user_id, ' do not add up to the score')
        FROM listed WHERE (abs({" + ".join(PARTS)} - score) < {TOLERANCE}) IS NOT TRUE""",
    "evidence": """
        SELECT DISTINCT concat('evidence of the user ', user_id, ' is not in the ', piece, ': the item ', item_id)
        FROM (SELECT user_id, unnest(evidence, recursive := true) FROM listed SEMI JOIN looked_into USING (user_id))
        ANTI JOIN touched USING (user_id, item_id, piece)""",
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


CHECKS = FAIL | WARN
OF_NIGHT = ("missing_rows", "one_version", *WARN)
"""What is asked of all rows together. An id is held against those of the same some users: what makes it of user, list
and item fails there, and more could only meet by chance."""


def _check(name: str, lines: Sequence[str]) -> Check:
    lines = list(dict.fromkeys(lines))
    sentence = "; ".join(lines[:NAMED]) + ("; and more" if len(lines) > NAMED else "")
    level: Verdict = "fail" if name in FAIL else "warn"
    return Check(name, None, None, level if lines else "pass", sentence or None)


def _lines(sql: "duckdb.DuckDBPyConnection", query: str) -> list[str]:
    return [line for (line,) in sql.execute(f"SELECT * FROM ({query}) LIMIT {NAMED + 1}").fetchall()]
