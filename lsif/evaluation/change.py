"""What a night's lists are beside those of the nights before, beside each other, and beside the catalogue.

Known as soon as they are published, before anybody has clicked. Everything is counted over all rows, so that there are
no intervals. Some users are asked after the others, so that the size of a night is no matter of memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from lsif.days import day_before, days_between
from lsif.engine import engine, some_after_others, users_in
from lsif.evaluation.beyond import coverage, personalisation
from lsif.evaluation.feedback import ALL
from lsif.ranking.popular import appeared_lately
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

if TYPE_CHECKING:
    import duckdb

NIGHTS = 7
"""In which a list that stays what it is counts as one that does not change."""


@dataclass(frozen=True)
class Nights:
    """A night and those before it.

    Attributes:
        ds: the night.
        before: the newest night before it, None where there is none among the last `NIGHTS`.
        rows: of `recommendations` of the last `NIGHTS` nights, with `ds`, as far as they are published.
        items: item_id of what may be recommended, and whether it is `fresh`, null where nobody knows; sorted.
    """

    ds: str
    before: str | None
    rows: pads.Dataset
    items: pa.Table


def last_nights(ds: str) -> list[str]:
    return days_between(day_before(ds, NIGHTS - 1), ds)


def fresh_items(catalogue: pa.Table, available: pa.Array, ds: str, recent_days: int) -> pa.Table:
    """`items` of `Nights`: fresh is what appeared (`published`) in the last `recent_days` days."""
    rows = catalogue.select(["item_id"]).append_column("fresh", appeared_lately(catalogue, ds, recent_days))
    return rows.filter(pc.is_in(rows["item_id"], value_set=available))


def night_rows(nights: Nights, cuts: Sequence[int]) -> pa.Table:
    """Rows of `metrics_daily` for each list of the night; what nothing can be said of has none."""
    with engine() as sql:
        sql.register("lists", nights.rows)
        sql.register("items", nights.items)
        found = [*_alone(sql, nights)]
        _add_up(sql, nights, cuts)
        found += [*_beside(sql, cuts), *_unchanged(sql)]
    empty = {"low": None, "high": None, "segment": ALL}
    rows = [{**empty, **row, "metric": f"night.{row['metric']}"} for row in found if row["n"]]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES["metrics_daily"], with_ds=False))


COUNTS = """
    SELECT list, item_id, count(*) AS lists, max(rank) AS longest, count(*) FILTER (rank = 1) AS firsts
    FROM lists WHERE ds = ? GROUP BY list, item_id ORDER BY list, item_id"""
SUMS = """
    CREATE TABLE beside (list VARCHAR, users BIGINT, rows BIGINT, new BIGINT, known BIGINT, fresh BIGINT {kept});
    CREATE TABLE unchanged (list VARCHAR, users BIGINT, same BIGINT)"""
"""A row of each for every list and some users."""
BESIDE = """
    INSERT INTO beside
    WITH tonight AS (SELECT * FROM lists WHERE ds = $ds),
    earlier AS (SELECT list, user_id, item_id, rank AS was FROM lists WHERE ds = $before),
    by_user AS (
        SELECT list, user_id, count(*) AS rows, count(*) FILTER (was IS NULL) AS new,
               count(*) FILTER (was IS NULL AND fresh IS NOT NULL) AS known,
               count(*) FILTER (was IS NULL AND fresh) AS fresh
               {kept}
        FROM tonight SEMI JOIN (SELECT * FROM earlier WHERE was = 1) USING (list, user_id)
        LEFT JOIN earlier USING (list, user_id, item_id) LEFT JOIN items USING (item_id)
        GROUP BY list, user_id)
    SELECT list, count(*), sum(rows), sum(new), sum(known), sum(fresh) {sums} FROM by_user GROUP BY list"""
"""Of the users who had the list on both nights."""
KEPT = ", count(*) FILTER (rank <= {k} AND was <= {k}) / count(*) FILTER (rank <= {k}) AS kept_{k}"
UNCHANGED = """
    INSERT INTO unchanged
    SELECT list, count(*) AS n, count(*) FILTER (whole = nights * tonight) AS same
    FROM (
        SELECT list, user_id, count(*) FILTER (rank = 1) AS nights, sum(hash(rank, item_id)) AS whole,
               sum(hash(rank, item_id)) FILTER (ds = $ds) AS tonight
        FROM lists GROUP BY list, user_id)
    WHERE nights = $nights GROUP BY list"""
"""Lists are alike where their hashes are, so the sum over all nights is a multiple of tonight's."""


def _alone(sql: "duckdb.DuckDBPyConnection", nights: Nights) -> Iterator[dict[str, Any]]:
    """How different users' lists are, and how much of the catalogue they show."""
    counted = sql.sql(COUNTS, params=[nights.ds]).to_arrow_table()
    for name in pc.unique(counted["list"]).to_pylist():
        of = counted.filter(pc.field("list") == name)
        counts, lists = of["lists"].to_numpy(), pc.sum(of["firsts"]).as_py()
        different = personalisation(counts, lists, pc.max(of["longest"]).as_py())
        yield {"list": name, "metric": "personalisation", "value": different, "n": lists}
        shown = coverage(counts, len(nights.items))
        yield {"list": name, "metric": "coverage", "value": shown, "n": len(nights.items)}


def _add_up(sql: "duckdb.DuckDBPyConnection", nights: Nights, cuts: Sequence[int]) -> None:
    """Fill `beside` and `unchanged`."""
    sql.execute(SUMS.format(kept="".join(f", kept_{k} DOUBLE" for k in cuts)))
    sums = "".join(f", sum(kept_{k})" for k in cuts)
    beside = BESIDE.format(kept="".join(KEPT.format(k=k) for k in cuts), sums=sums)
    for _, theirs in some_after_others(nights.rows, users_in(sql, "lists")):
        sql.register("lists", theirs)
        sql.execute(beside, {"ds": nights.ds, "before": nights.before})
        sql.execute(UNCHANGED, {"ds": nights.ds, "nights": NIGHTS})


def _beside(sql: "duckdb.DuckDBPyConnection", cuts: Sequence[int]) -> Iterator[dict[str, Any]]:
    """What is new beside the night before, for the users who had the list on both."""
    overlaps = "".join(f", round(sum(kept_{k}) / sum(users), 9)" for k in cuts)  # threads add in any order
    sums = "sum(users)::BIGINT, sum(rows)::BIGINT, sum(new)::BIGINT, sum(known)::BIGINT, sum(fresh)::BIGINT"
    whole = f"SELECT list, {sums} {overlaps} FROM beside GROUP BY list ORDER BY list"
    for name, users, rows, new, known, fresh, *kept in sql.execute(whole).fetchall():
        for k, overlap in zip(cuts, kept, strict=True):
            yield {"list": name, "metric": f"overlap@{k}", "value": overlap, "n": users}
        yield {"list": name, "metric": "new_rows", "value": new / rows, "n": rows}
        yield {"list": name, "metric": "fresh_of_new_rows", "value": fresh / max(known, 1), "n": known}


def _unchanged(sql: "duckdb.DuckDBPyConnection") -> Iterator[dict[str, Any]]:
    """Which users have had the same list, row by row, on every one of the last nights."""
    whole = "SELECT list, sum(users)::BIGINT, sum(same)::BIGINT FROM unchanged GROUP BY list ORDER BY list"
    for name, users, same in sql.execute(whole).fetchall():
        yield {"list": name, "metric": f"same_{NIGHTS}_nights", "value": same / users, "n": users}
