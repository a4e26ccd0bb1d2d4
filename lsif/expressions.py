"""SQL over the columns of a table, as people write it in the settings: yes or no for each row, the same every time.

DuckDB parses it and computes it, without a way to files or the network. What is refused: more than one value, sums over
rows, other tables, and functions that know the clock or draw.
"""

import difflib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError

BANNED = {
    "SUBQUERY": "asks another table",
    "WINDOW": "looks at other rows",
    "STAR": "names no column",
    "PARAMETER": "has a gap",
}


def check(expression: str, columns: pa.Schema) -> None:
    """Refuse what is no yes or no over these columns.

    Raises:
        LsifError: one line that quotes it and says what is wrong.
    """
    with _connection() as sql:
        tree = _parsed(sql, expression)
        known = columns.names
        for node in _nodes(tree):
            _check_node(sql, expression, node, known)
    values(expression, pa.table([pa.nulls(1, field.type) for field in columns], schema=columns))


def values(expression: str, rows: pa.Table) -> pa.Array:
    """Whether the expression, which `check` has let pass, is true of each row; where it says nothing, it is not.

    Raises:
        LsifError: types that do not go together, or a cast that fails.
    """
    with _connection() as sql:
        sql.register("given", rows)
        try:
            found = sql.table("given").select(duckdb.SQLExpression(expression).alias("value"))
            if str(found.types[0]) not in ("BOOLEAN", '"NULL"'):
                raise LsifError(f"{expression!r} is {found.types[0]}, where yes or no is wanted")
            said = found.to_arrow_table().column(0)
        except duckdb.Error as error:
            raise LsifError(f"{expression!r}: {_line(error)}") from error
    return pc.fill_null(said.combine_chunks().cast(pa.bool_()), False)


@cache
def columns_of(expression: str) -> tuple[str, ...]:
    """The columns that an expression names."""
    with _connection() as sql:
        nodes = _nodes(_parsed(sql, expression))
        return tuple(".".join(node["column_names"]) for node in nodes if node.get("class") == "COLUMN_REF")


def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"enable_external_access": False, "threads": 1})


def _parsed(sql: duckdb.DuckDBPyConnection, expression: str) -> dict[str, Any]:
    try:
        duckdb.SQLExpression(expression)
    except duckdb.Error as error:
        raise LsifError(f"{expression!r} is no SQL expression: {_line(error)}") from error
    (text,) = sql.execute("SELECT json_serialize_sql(?)", [f"SELECT {expression}"]).fetchone() or ("",)
    parsed = json.loads(text)
    if parsed["error"] or len(parsed["statements"]) != 1:
        raise LsifError(f"{expression!r} is no SQL expression of one value")
    node: dict[str, Any] = parsed["statements"][0]["node"]
    if len(node["select_list"]) != 1 or node["from_table"]["type"] != "EMPTY" or node["where_clause"]:
        raise LsifError(f"{expression!r} is no SQL expression of one value")
    return dict(node["select_list"][0])


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(part)


def _check_node(sql: duckdb.DuckDBPyConnection, expression: str, node: dict[str, Any], known: list[str]) -> None:
    kind = node.get("class")
    if kind in BANNED:
        raise LsifError(f"{expression!r} {BANNED[kind]}: it may only make a value of a row's columns")
    if kind == "COLUMN_REF" and (name := ".".join(node["column_names"])).lower() not in map(str.lower, known):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise LsifError(f"{expression!r}: there is no column {name}; {hint}")
    if kind == "FUNCTION" and (wrong := _wrong_function(sql, node["function_name"])):
        raise LsifError(f"{expression!r}: {node['function_name']} {wrong}")


def _wrong_function(sql: duckdb.DuckDBPyConnection, name: str) -> str | None:
    found = sql.execute(
        "SELECT DISTINCT function_type, stability FROM duckdb_functions() WHERE function_name = ?", [name]
    ).fetchall()
    if any(kind not in ("scalar", "macro") for kind, _ in found):
        return "is made of several rows: an expression may only make a value of a row's columns"
    if any(stability not in ("CONSISTENT", None) for _, stability in found):
        return "makes another value each time: the same inputs must give the same rows (ds is the day of the list)"
    return None


def _line(error: Exception) -> str:
    """DuckDB's first line, without the kind of the error before it."""
    said = str(error).strip().splitlines()[0]
    return said.partition("Error: ")[2] or said
