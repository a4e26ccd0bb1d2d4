"""The catalogue's contract: delivered products as rows of `items`, and what breaks a rule as rows of `quarantine`."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.fs as pafs
import pyarrow.json as pajson
import pyarrow.parquet as pq

from lsif.config import Catalogue, Rules
from lsif.interests.landing import delivered_files
from lsif.interests.quarantine import CATALOGUE
from lsif.outages import explained
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

ITEMS = arrow_schema(TABLES["items"], with_ds=False)
QUARANTINE = arrow_schema(TABLES["quarantine"], with_ds=False)
NOT_FOR_SALE = ("false", "0", "no", "n")


def wanted_columns(catalogue: Catalogue) -> list[str]:
    """Columns that a file of the catalogue must hold."""
    columns = catalogue.columns
    named = (columns.item_id, columns.title, columns.category, columns.brand, columns.available)
    return [name for name in (*named, *columns.text) if name]


def delivered_products(catalogue: Catalogue, path: str) -> pa.Table:
    """Every delivered row, all wanted columns as text, ids as they were.

    Raises:
        LsifError: nothing is there, a file cannot be read, or a column is missing.
    """
    wanted = wanted_columns(catalogue)
    parts = [
        _as_text(_read(file.path, catalogue.format), wanted) for file in delivered_files(path, catalogue.format, wanted)
    ]
    return (
        pa.concat_tables(parts)
        if parts
        else pa.schema([(name, pa.string()) for name in dict.fromkeys(wanted)]).empty_table()
    )


def judged_products(rows: pa.Table, catalogue: Catalogue, rules: Rules) -> tuple[pa.Table, pa.Table, int]:
    """Rows of `items` sorted by id, rows of `quarantine`, and how many rows repeated an id.

    A product listed twice is the first of its rows. Rules: `missing_id`, `long_text`.
    """
    items, rejects, seen, repeated = [], [], set(), 0
    for row in rows.to_pylist():
        item = _item(row, catalogue)
        if broken := _broken(item, rules):
            rejects.append({"rule": broken, "source": CATALOGUE, "raw": json.dumps(row, ensure_ascii=False)})
        elif item["item_id"] in seen:
            repeated += 1
        else:
            seen.add(item["item_id"])
            items.append(item)
    items.sort(key=lambda item: item["item_id"])
    return pa.Table.from_pylist(items, ITEMS), pa.Table.from_pylist(rejects, QUARANTINE), repeated


def _item(row: dict[str, str | None], catalogue: Catalogue) -> dict[str, Any]:
    columns = catalogue.columns
    given = {name: row[column] if column else None for name, column in columns if name not in ("text", "available")}
    words = [text for column in columns.text if (text := row[column])]
    for_sale = row[columns.available] if columns.available else None
    return {**given, "text": " ".join(words), "available": (for_sale or "true").strip().lower() not in NOT_FOR_SALE}


def _broken(item: dict[str, Any], rules: Rules) -> str | None:
    if not (item["item_id"] or "").strip():
        return "missing_id"
    if any(isinstance(value, str) and len(value) > rules.max_text for value in item.values()):
        return "long_text"
    return None


def _read(path: str, kind: str) -> pa.Table:
    filesystem, root = pafs.FileSystem.from_uri(path) if "://" in path else (pafs.LocalFileSystem(), path)
    try:
        if kind == "parquet":
            return pq.read_table(root, filesystem=filesystem, partitioning=None)
        with filesystem.open_input_stream(root, compression="detect") as stream:
            return _read_csv(stream) if kind == "csv" else pajson.read_json(stream)
    except (OSError, pa.ArrowInvalid) as error:
        raise explained(f"{path} is not a readable {kind} file", error) from error


def _read_csv(stream: pa.NativeFile) -> pa.Table:
    """All columns as text: a reader that guesses would turn 007 into 7."""
    content = stream.read()
    names = pacsv.open_csv(pa.BufferReader(content)).schema.names
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    parse = pacsv.ParseOptions(newlines_in_values=True)
    return pacsv.read_csv(pa.BufferReader(content), parse_options=parse, convert_options=convert)


def _as_text(rows: pa.Table, wanted: Sequence[str]) -> pa.Table:
    names = list(dict.fromkeys(wanted))
    return pa.table({name: pc.cast(rows[name], pa.string()) for name in names})
