"""A home of an earlier release, brought to this one: its tables, and what the ledger says of them."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif.stale import last_lines
from lsif.tables import Tables
from lsif.tables.upgrade import upgrade as upgrade_tables


def upgrade(tables: Tables) -> dict[str, int]:
    """Bring the tables to today's columns; steps that have read them stay done. Returns the rows of each that changed.

    Raises:
        Superseded: a job wrote meanwhile.
    """
    changed = upgrade_tables(tables.root)
    before = {name: mark for one in changed.values() for name, mark in one.before.items()}
    after = {name: mark for one in changed.values() for name, mark in one.after.items()}
    if before:
        _keep_done(tables, before, after)
    return {name: one.rows for name, one in changed.items()}


def _keep_done(tables: Tables, before: dict[str, str], after: dict[str, str]) -> None:
    """Write the last lines of steps that read those rows once more, with the names which the rows go by now.

    Else every night of the past that read a list would be stale, although no row of it has moved.
    """
    newest, schema = pc.max(tables.read("runs", columns=["seq"])["seq"]).as_py() or 0, tables.schema("runs")
    again: list[dict[str, Any]] = []
    for line in last_lines(tables).values():
        inputs = json.loads(line["inputs"])
        if same := [name for name, mark in inputs.items() if before.get(name) == mark]:
            renamed = json.dumps(inputs | {name: after[name] for name in same}, sort_keys=True)
            seq = newest + len(again) + 1
            again.append({**line, "seq": seq, "run_id": f"upgrade-{seq}", "inputs": renamed})
    if again:
        tables.append("runs", pa.Table.from_pylist(again, schema))
