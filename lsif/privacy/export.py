"""Everything that the tables hold on one user."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from lsif.privacy.scope import SCOPES, reached
from lsif.tables import Tables

Rows = list[dict[str, Any]]


def held_on(tables: Tables, user: str) -> Iterator[tuple[str, Rows]]:
    """The rows of each table that name a user, by table; tables without any are left out.

    Args:
        user: as the tables name them.
    """
    for name in reached("rows", "raw"):
        if SCOPES[name].reach == "rows":
            rows = tables.read(name, filter=pc.field("user_id") == user).to_pylist()
        else:
            some = tables.read(name, filter=pc.match_substring(pc.field("raw"), user)).to_pylist()
            rows = [row for row in some if quotes(row["raw"], user)]
        if rows:
            yield name, rows


def quotes(raw: str, user: str) -> bool:
    """Whether a rejected row has a user among its values, or, where it is no JSON, among its words."""
    try:
        return user in set(_values(json.loads(raw)))
    except ValueError:
        return re.search(rf"(?<!\w){re.escape(user)}(?!\w)", raw) is not None


def _values(of: Any) -> Iterator[str]:
    if isinstance(of, dict | list):
        for one in of.values() if isinstance(of, dict) else of:
            yield from _values(one)
    else:
        yield str(of)
