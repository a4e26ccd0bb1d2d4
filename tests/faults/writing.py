"""What the processes do that are killed: every way in which rows of a table become seen, or go."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from lsif.tables import Tables, Writer
from lsif.tables.kept import Kept

TABLE = "item_tiles"
DAYS = ("2017-01-02", "2017-01-03")
NEIGHBOUR = "2017-01-01"
ROWS, FILES = 40, 2
"""Of each of a writer's days, in how many files."""


def act(action: dict[str, Any], meet: Callable[[], None] = lambda: None) -> None:
    """Args: meet: called when all files are written."""
    tables, tag = Tables(action["root"]), action.get("tag", "")
    match action["what"]:
        case "write":
            writer = opened(tables, tag)
            meet()
            writer.commit()
        case "stage":
            opened(tables, tag, DAYS[:1]).stage(tag=tag)
        case "publish":
            meet()
            tables.staged(TABLE, DAYS[0]).commit()
        case "append":
            tables.append("item_vectors", vectors(tables, tag))
        case "remove":
            tables.remove(TABLE, DAYS)
        case "tidy":
            for name in (TABLE, "item_vectors"):
                tables.tidy(name, keep_days=0)
        case "keep":
            keep(tables, tag)


def opened(tables: Tables, tag: str, days: tuple[str, ...] = DAYS) -> Writer:
    """A writer of `days` with all its files written."""
    writer = tables.writer(TABLE)
    for ds in days:
        for part in range(FILES):
            writer.write(ds, rows(tables, tag, part))
    return writer


def rows(tables: Tables, tag: str, part: int) -> pa.Table:
    """A file's rows, which say who wrote them."""
    ids = [f"{tag}/{part}/{number}" for number in range(ROWS // FILES)]
    made = [{"item_id": one, "events": 1, "baskets": 1, "buyers": 1, "weight": 1.0} for one in ids]
    return pa.Table.from_pylist(made, schema=tables.schema(TABLE))


def vectors(tables: Tables, tag: str) -> pa.Table:
    made = [{"text_sha256": f"{tag}/{n}", "encoder": "e", "vector": [1.0]} for n in range(ROWS)]
    return pa.Table.from_pylist(made, schema=tables.schema("item_vectors"))


def keep(tables: Tables, tag: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            (Path(folder) / f"{number}").write_text(tag)
        Kept(tables.root, "champion").keep(Path(folder), {"files": f"files-{tag}", "tag": tag})
