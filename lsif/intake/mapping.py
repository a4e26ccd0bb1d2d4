"""From rows in the columns of the files to rows in ours, in the same words for events, catalogue and users."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby

import pyarrow as pa
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lsif.errors import LsifError
from lsif.intake import cells
from lsif.intake.files import File, check_content, delivered_files, holds, kind_at
from lsif.intake.masked import Masked, masked
from lsif.intake.masking import Masking, keyed
from lsif.intake.rows import rows_of
from lsif.intake.times import event_time
from lsif.intake.types import is_id
from lsif.intake.unfolding import ELEMENT
from lsif.privacy.pseudonym import USER
from lsif.sources import Delivered

MADE = "made_{}"


@dataclass(frozen=True)
class Mapped:
    """Rows of files of one layout (`rows.ROW`), and how our columns are read from them.

    Attributes:
        door: what was delivered, for errors: `sources.shop`, `catalogue` or `users`.
        file: one of the files; all have its columns.
        mask: what is a pseudonym; None where users keep their ids.
    """

    door: str
    given: Delivered
    rows: DataFrame
    file: File
    mask: Masked | None = None

    def parts(self, field: str) -> list[tuple[str, Column, T.DataType]]:
        """The columns of theirs that make one of ours: name, column and type. None where nothing does."""
        if field in self.given.constants:
            return [(field, F.lit(self.given.constants[field]), T.StringType())]
        if field in self.given.expressions:
            made = MADE.format(field)
            return [(field, self.rows[made], self.rows.schema[made].dataType)]
        row = self.rows.schema["row"].dataType
        assert isinstance(row, T.StructType)
        names = self.given.given.get(field, ())
        return [
            (name, self.rows["row"].getField(name), row[name].dataType)
            if name in row.names
            else (name, F.lit(None).cast("string"), T.StringType())
            for name in names
        ]

    def text(self, field: str, between: str = ":") -> Column:
        """Null when one of its parts is blank or a word for nothing."""
        parts = [cells.filled(cells.text(cell, kind), self.given) for _, cell, kind in self.parts(field)]
        return cells.joined(parts, between)

    def id(self, field: str) -> Column:
        """As `text`.

        Raises:
            LsifError: a column of it is neither text nor whole numbers.
        """
        for name, _, kind in self.parts(field):
            if not is_id(kind):
                shown = kind_at(self.file, name) if self.file.kinds and field in self.given.given else None
                raise LsifError(
                    f"{self.door}: the id column {name} is {shown or kind.simpleString()}; ids are text or whole "
                    f"numbers (or make one: expressions.{field})"
                )
        return self._masked(field, self.text(field))

    def is_odd(self, field: str) -> Column:
        """Whether an id holds what no id is."""
        return cells.any_of([cells.is_odd(cell, kind, name) for name, cell, kind in self.parts(field)])

    def words(self, field: str) -> tuple[Column, Column]:
        """Optional text, and whether it had to be lost since it holds an object or a list."""
        text = self._masked(field, self.text(field))
        odd = cells.any_of([cells.is_no_text(cell, kind, name, lists=False) for name, cell, kind in self.parts(field)])
        return F.when(~odd, text), odd & text.isNotNull()

    def each(self, field: str) -> list[tuple[str, Column, Column]]:
        """The texts of its parts by name, each null when blank, with whether it had to be lost; lists are words."""
        found = []
        for name, cell, kind in self.parts(field):
            odd = cells.is_no_text(cell, kind, name, lists=True)
            text = self._masked(name, cells.filled(cells.text(cell, kind), self.given))
            found.append((name, F.when(~odd, text), odd))
        return found

    def sealed(self) -> Column:
        """The user's id under the key; null where there is none."""
        return self.mask.by.sealed(self.text(USER)) if self.mask else F.lit(None).cast("string")

    def id_pseudonym(self, erasure: bytes) -> Column:
        """The user's id as the list of erased users has it, whatever the tables call them; null where there is none."""
        return keyed(self.text(USER), erasure)

    def _masked(self, field: str, text: Column) -> Column:
        return self.mask.of(field, text) if self.mask else text

    def number(self, field: str) -> tuple[Column, Column]:
        """A finite number or null, and whether there is something that is none.

        `decimal` and `thousands` are of texts: a number of JSON or Parquet is what it is.
        """
        text = F.trim(self.text(field))
        found = cells.number(text, self.given)
        for part in self.parts(field):
            found = self._number(field, part, text, found)
        return F.when(cells.is_finite(found), found), text.isNotNull() & ~cells.is_finite(found)

    def each_number(self, field: str) -> list[tuple[str, Column, Column]]:
        """The same of each of its parts by name."""
        made = []
        for part in self.parts(field):
            name, cell, kind = part
            text = F.trim(cells.filled(cells.text(cell, kind), self.given))
            found = self._number(field, part, text, cells.number(text, self.given))
            finite = cells.is_finite(found)
            made.append((name, F.when(finite, found), text.isNotNull() & ~finite))
        return made

    def _number(self, field: str, part: tuple[str, Column, T.DataType], text: Column, read: Column) -> Column:
        """What `read` made of `text`, but for a number that the file holds as one."""
        name, cell, kind = part
        if isinstance(kind, T.NumericType):
            return F.when(text.isNotNull(), cell.cast("double"))
        if self.given.is_json and field in self.given.given:
            return F.when(cells.is_plain(name), text.try_cast("double")).otherwise(read)
        return read

    def flag(self, field: str) -> tuple[Column, Column]:
        """Yes, no or null, and whether there is something that is neither."""
        text = self.text(field)
        found = cells.flag(text, self.given)
        return found, text.isNotNull() & found.isNull()

    def time(self, field: str) -> Column:
        """The instant, null when there is none or none can be read."""
        found = self.parts(field)
        if not found:
            return F.lit(None).cast("timestamp")
        ((name, cell, kind),) = found
        stored = kind_at(self.file, name) if self.file.kinds and field in self.given.given else None
        is_time = stored is not None and pa.types.is_timestamp(stored)
        zone = "UTC" if is_time and stored is not None and stored.tz else self.given.time_zone
        text = cells.filled(cell, self.given) if isinstance(kind, T.StringType) else cell
        return event_time(text, kind, self.given, zone, nanos=is_time and isinstance(kind, T.LongType))


def mapped(
    spark: SparkSession,
    door: str,
    given: Delivered,
    paths: Mapping[str, str | None],
    most: int | None = None,
    mask: Masking | None = None,
) -> Iterator[Mapped]:
    """What was delivered at `paths`, one part for each layout of its files.

    Args:
        paths: where files lie, and the day of each path, None where it names none.
        most: rows of a layout, or of each file, that are enough.
        mask: what makes pseudonyms of users, also in the rows as delivered.

    Raises:
        LsifError: as `delivered_files` and `check_content`; an expression is none, or asks for an unknown column.
    """
    by_expression = {field: list(_asked_by(spark, door, sql)) for field, sql in given.expressions.items()}
    asked = [name for names in given.given.values() for name in names]
    asked += [name for names in by_expression.values() for name in names]
    names = list(dict.fromkeys(asked))
    hiding = masked(door, given, by_expression, mask) if mask else None
    found = list(layouts(given, paths))
    for file in chain(*found):
        check_content(file, given, [name for name in names if name in file.columns])
    for of_layout in found:
        file = next(iter(of_layout))
        rows = rows_of(spark, given, of_layout, names, door, most)
        rows = _with_expressions(rows, given, door)
        rows = rows.withColumn("raw", hiding.raw(rows)) if hiding else rows
        yield Mapped(door, given, rows, file, hiding)


def layouts(given: Delivered, paths: Mapping[str, str | None]) -> Iterator[dict[File, str | None]]:
    """The files at `paths` and the day of each, those of one layout together.

    Raises:
        LsifError: as `delivered_files`.
    """
    days = {file: day for path, day in paths.items() for file in delivered_files(given, path)}
    for _, same in groupby(sorted(days, key=_layout), key=_layout):
        yield {file: days[file] for file in same}


def lacking(given: Delivered, files: Mapping[File, str | None] | list[File]) -> dict[str, int]:
    """Our optional columns that files lack, each with how many of them do; JSON leaves out what is null."""
    if given.is_json:
        return {}
    found = {
        field: sum(any(not holds(file, given, name) for name in names) for file in files)
        for field, names in given.given.items()
    }
    return {field: count for field, count in found.items() if count}


def unfolds(given: Delivered) -> bool:
    """Whether rows of the files are made several of."""
    return any(ELEMENT in name for names in given.given.values() for name in names)


def _layout(file: File) -> str:
    """Files of one layout are read together, since engines read columns of text by place; JSON lines name theirs."""
    return f"{file.header} {file.kinds} {file.columns}" if file.header or file.kinds else f"{file.packed}"


def _asked_by(spark: SparkSession, door: str, expression: str) -> list[str]:
    """Columns that an expression names."""
    try:
        tree = spark._jsparkSession.sessionState().sqlParser().parseExpression(expression)  # type: ignore[attr-defined]
    except ParseException as error:
        said = str(error).split("SQLSTATE")[0]
        raise LsifError(f"{door}.expressions: {expression!r} is no Spark SQL: {' '.join(said.split())}") from error
    return list(_attributes(tree))


def _attributes(tree: object) -> Iterator[str]:
    if tree.getClass().getSimpleName() == "UnresolvedAttribute":  # type: ignore[attr-defined]
        yield tree.nameParts().mkString(".")  # type: ignore[attr-defined]
    children = tree.children()  # type: ignore[attr-defined]
    for place in range(children.length()):
        yield from _attributes(children.apply(place))


def _with_expressions(rows: DataFrame, given: Delivered, door: str) -> DataFrame:
    if not given.expressions:
        return rows
    # Beside the columns of the rows there may be some of the same names.
    inner = rows.select(F.struct("*").alias("lsif_rows"), "row.*")
    made = []
    for field, expression in given.expressions.items():
        try:
            wrong = _more_than_a_value(inner, expression)
        except AnalysisException as error:
            said = " ".join(str(error).split("SQLSTATE")[0].split())
            raise LsifError(f"{door}.expressions.{field}: {said} (a path stands in backticks: `user.id`)") from error
        if wrong:
            raise LsifError(f"{door}.expressions.{field}: {expression!r} {wrong}")
        made.append(F.expr(expression).alias(MADE.format(field)))
    return inner.select("lsif_rows.*", *made)


def _more_than_a_value(rows: DataFrame, expression: str) -> str | None:
    """What is wrong with an expression that makes other rows of the rows, or another value each time."""
    plan = rows.select(F.expr(expression))._jdf.queryExecution().analyzed()  # type: ignore[operator]
    if plan.getClass().getSimpleName() != "Project" or not plan.child().equals(rows._jdf.queryExecution().analyzed()):  # type: ignore[operator]
        return "makes more or fewer rows than there are (explode, a sum, a window): it may only make a value of a row"
    return None if plan.projectList().head().deterministic() else "makes another value each time it is asked"
