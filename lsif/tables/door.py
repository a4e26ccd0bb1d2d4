"""What stands at the door: columns, types and keys, checked on the way in and on the way out."""

import json
from collections.abc import Iterable
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import Schema

from lsif.errors import LsifError
from lsif.table_schema import TableSchema


def arrow_schema(table: TableSchema, with_ds: bool = True) -> pa.Schema:
    return _parsed(json.dumps(table.struct(with_ds)))


@cache
def _parsed(struct: str) -> pa.Schema:
    return pa.schema(Schema.from_json(struct).to_arrow())


def check_columns(table: str, who: str, wanted: pa.Schema, found: pa.Schema) -> None:
    if set(wanted.names) != set(found.names):
        raise LsifError(difference(table, who, wanted.names, found.names))
    for column in wanted:
        if not _same_type(column.type, found.field(column.name).type):
            raise LsifError(
                f"{table}: {who} {column.name} as {found.field(column.name).type}, the schema wants {column.type}"
            )


def _same_type(wanted: pa.DataType, found: pa.DataType) -> bool:
    """Equal but for names of list elements, nullability and 64-bit offsets, which files may choose."""
    if pa.types.is_list(wanted):
        nested = pa.types.is_list(found) or pa.types.is_large_list(found)
        return nested and _same_type(wanted.value_type, found.value_type)
    if pa.types.is_struct(wanted):
        return (
            pa.types.is_struct(found)
            and [f.name for f in wanted] == [f.name for f in found]
            and all(_same_type(w.type, f.type) for w, f in zip(wanted, found, strict=True))
        )
    if pa.types.is_string(wanted):
        return pa.types.is_string(found) or pa.types.is_large_string(found)
    return bool(wanted == found)


def difference(table: str, who: str, wanted: Iterable[str], found: Iterable[str]) -> str:
    missing, unknown = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    parts = [f"no {', '.join(missing)}"] * bool(missing) + [f"an unknown {', '.join(unknown)}"] * bool(unknown)
    return f"{table}: {who} {' and '.join(parts)}"


def check_table(table: TableSchema, stored: pa.Schema) -> None:
    """Raises LsifError when a table does not hold its columns; those that came later need not be there yet."""
    later = set(table.added) - set(stored.names)
    wanted = pa.schema([field for field in arrow_schema(table) if field.name not in later])
    try:
        check_columns(table.name, "the table holds", wanted, stored)
    except LsifError as error:
        raise LsifError(f"{error}; `lsif upgrade` brings what an earlier release left to today's columns") from error


def check_keys(table: TableSchema, path: str, footer: pq.FileMetaData) -> None:
    columns = {footer.schema.column(i).path: i for i in range(footer.num_columns)}
    for name in table.key:
        for group in range(footer.num_row_groups):
            statistics = footer.row_group(group).column(columns[name]).statistics
            if statistics is not None and statistics.null_count:
                raise LsifError(f"{table.name}: the key column {name} holds nulls in {path}")
