"""What a table's contract is made of.

A column's type is written in the JSON type language that Spark and Delta share, so that one definition makes the
Spark schema, the Delta schema and the Arrow schema.
"""

from dataclasses import dataclass
from typing import Any

Type = str | dict[str, Any]

STRING, LONG, INTEGER, DOUBLE, FLOAT = "string", "long", "integer", "double", "float"
BOOLEAN, DATE, TIMESTAMP = "boolean", "date", "timestamp"

DS = "ds"


def array(element: Type) -> Type:
    return {"type": "array", "elementType": element, "containsNull": True}


def struct(**fields: Type) -> dict[str, Any]:
    return {
        "type": "struct",
        "fields": [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in fields.items()],
    }


@dataclass(frozen=True)
class TableSchema:
    """One table's contract.

    Attributes:
        name: folder name under the table root.
        columns: data columns in order, without `ds`.
        key: columns that identify a row within a partition and are never null.
        partitioned: whether rows live in `ds` partitions, which are replaced and never appended to.
        added: columns that came later: a table of before is read as if they were there and null.
    """

    name: str
    columns: dict[str, Type]
    key: tuple[str, ...]
    partitioned: bool = True
    added: tuple[str, ...] = ()

    def struct(self, with_ds: bool = True) -> dict[str, Any]:
        """The schema as Spark and Delta JSON; `ds` comes last and is absent from the data files."""
        extra = {DS: STRING} if with_ds and self.partitioned else {}
        return struct(**self.columns, **extra)


def table(name: str, key: str, partitioned: bool = True, added: str = "", **columns: Type) -> TableSchema:
    """A table's columns by name; `key` and `added` with spaces between them."""
    return TableSchema(name, columns, tuple(key.split()), partitioned, tuple(added.split()))
