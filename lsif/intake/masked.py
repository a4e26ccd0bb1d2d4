"""Which columns of theirs become pseudonyms, and a row as delivered without what they said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lsif.errors import LsifError
from lsif.intake import cells
from lsif.intake.masking import Masking
from lsif.privacy.pseudonym import USER
from lsif.sources import Delivered

MAY_BE = ("event_id", "query", "attributes")
"""Ours that may be masked, beside the user."""


@dataclass(frozen=True)
class Masked:
    """What is masked of files of one door.

    Attributes:
        by: what makes pseudonyms.
        fields: ours, and attributes by their names.
        columns: theirs that those are made of, by their paths.
        wanted: all of theirs that are asked for.
    """

    by: Masking
    fields: frozenset[str]
    columns: frozenset[str]
    wanted: tuple[str, ...]

    def hides(self, name: str) -> bool:
        """Whether a column of theirs says, or holds, what is masked."""
        return any(_overlap(name, one) for one in self.columns)

    def of(self, field: str, text: Column) -> Column:
        """A text of one of our columns, or of an attribute."""
        return self.by.of(text) if field in self.fields else text

    def raw(self, rows: DataFrame) -> Column:
        """The row as delivered: the columns that are asked for, pseudonyms where they stand; of a text that cannot be
        read, only by what it is found again."""
        row = rows.schema["row"].dataType
        assert isinstance(row, T.StructType)
        there = [(name, rows["row"].getField(name), row[name].dataType) for name in self.wanted if name in row.names]
        made = [self._cell(name, cell, kind).alias(name) for name, cell, kind in there]
        told = F.to_json(F.struct(*made), {"ignoreNullFields": "false"}) if made else F.lit("{}")
        length, mark = F.length("raw").cast("string"), self.by.of(F.col("raw"))
        unread = F.concat(F.lit("not shown: "), length, F.lit(" characters, HMAC-SHA-256 "), mark)
        return F.when(F.col("readable"), told).otherwise(unread)

    def _cell(self, name: str, cell: Column, kind: T.DataType) -> Column:
        return self.by.of(cells.text(cell, kind)) if self.hides(name) else cell


def masked(door: str, given: Delivered, by_expression: Mapping[str, Iterable[str]], by: Masking) -> Masked:
    """What is masked where files are read as `given` says.

    Whatever else is made of a column that says who the user is becomes a pseudonym too, where it may be one.

    Args:
        by_expression: their columns that each of our columns is made of by an expression.

    Raises:
        LsifError: one of those may be none.
    """
    made_of = {**given.given, **{field: tuple(names) for field, names in by_expression.items()}}
    users = made_of.get(USER, ())
    fields = set(by.fields)
    for field, names in made_of.items():
        told = [name for name in names if any(_overlap(name, one) for one in users)]
        if field == USER or not told:
            continue
        if field not in MAY_BE:
            raise LsifError(
                f"{door}: {field} is made of {told[0]}, which says who the user is and is a pseudonym ([privacy]): "
                "make it of another column"
            )
        fields |= set(told) if field == "attributes" else {field}
    columns = [name for field, names in made_of.items() if field in fields for name in names]
    columns += [name for name in made_of.get("attributes", ()) if name in fields]
    wanted = tuple(dict.fromkeys(name for names in made_of.values() for name in names))
    return Masked(by, frozenset(fields), frozenset(columns), wanted)


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other, or leads to it."""
    short, long = sorted((one, other), key=len)
    return long == short or long.startswith((f"{short}.", f"{short}["))
