"""Delivered files as one DataFrame of rows in the columns of the files, every row still there, good or bad."""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_schema

from lsif.errors import LsifError
from lsif.intake.files import File, kind_at
from lsif.intake.records import BROKEN
from lsif.intake.types import spark_type
from lsif.intake.unfolding import deepest, last_of, lists_of
from lsif.intake.unpacking import CSV, Unpack, csv_lines, json_rows, json_schema
from lsif.sources import Delivered

ROW = ("row", "file_day", "raw", "readable", "first", "part", "odd", "place")
"""`row`: a struct of the columns by their paths. `file_day`: the day of its file, null when it has none. `raw`: the row
as delivered: JSON, or the text itself when it cannot be read. `first`: whether it is the first of the rows that one was
unfolded to; `part`: which, by the places in its lists. `odd`: what columns hold that no id may, as
`unpacking.odd_as`. `place` (`PLACE`): sorts rows as they lie in their files."""
PLACE = "struct<file: string, block: bigint, row: bigint, line: bigint>"
"""`line`, from 1: the line on which the row begins, the element of a JSON list, the row of a Parquet file; null where
Spark cuts the lines, for `lines.told` to find."""

UNREADABLE = "_unreadable"
PLAIN = ("", "gzip")
"""What Spark unpacks as well."""


def rows_of(
    spark: SparkSession,
    given: Delivered,
    days: Mapping[File, str | None],
    names: Sequence[str],
    door: str,
    most: int | None = None,
) -> DataFrame:
    """Rows of files of one layout, in the columns `ROW`; what a file lacks of `names` is null.

    Args:
        days: the files, and the day of each, None where its path names none.
        names: the columns that are wanted, by their paths.
        door: what asks, for errors.
        most: rows that are enough; where Python reads, of each file, since it does not like to be stopped.

    Raises:
        LsifError: a column that is wanted is of a type that cannot be read.
    """
    if given.format == "parquet":
        return _parquet_rows(spark, days, names, door, most)
    if given.is_json:
        unpacked = _unpacked(spark, days, json_rows(given, names, most), json_schema(names))
        return _placed(unpacked).select(*ROW)
    if spark_can_cut(given, days):
        lines = text_lines(spark, days)
        lines = lines if most is None else lines.limit(most + given.header)
    else:
        lines = _placed(_unpacked(spark, days, csv_lines(given, most), CSV))
    return _csv_rows(lines.where(F.trim("value") != ""), next(iter(days)), given)


def text_lines(spark: SparkSession, days: Mapping[File, str | None]) -> DataFrame:
    """Every line of files that Spark can cut: `value`, `place`, `file_day`."""
    return _with_day(_reader(spark).text(_paths(days)), days)


def spark_can_cut(given: Delivered, files: Iterable[File]) -> bool:
    """Whether rows are lines of UTF-8 in files whose names say how they are packed."""
    if given.format != "csv":
        return False
    named = all(file.packed in PLAIN and file.path.endswith(".gz") == (file.packed == "gzip") for file in files)
    odd = any(re.search(r"\.(bz2|zst|zstd|xz|lz4|snappy|deflate)$|:[^/]*$", file.path) for file in files)
    return named and not odd and not given.multiline and given.encoding == "utf-8"


def _reader(spark: SparkSession) -> DataFrameReader:
    return spark.read.option("recursiveFileLookup", "true")  # else a folder named a=b becomes a column


def _paths(files: Iterable[File]) -> list[str]:
    # Hadoop expands globs; in the path of a file that was listed, such characters are just characters.
    return [re.sub(r"([\[\]{}*?\\])", r"\\\1", re.sub("^s3://", "s3a://", file.path)) for file in files]


def _with_day(frame: DataFrame, days: Mapping[File, str | None], line: Column | None = None) -> DataFrame:
    """With the day that the configuration reads in the path of each row's file, and the row's place."""
    block = (F.col("_metadata.file_block_start").alias("block"), F.monotonically_increasing_id().alias("row"))
    line = (F.lit(None) if line is None else line).cast("long").alias("line")
    placed = frame.withColumn("place", F.struct(F.col("_metadata.file_path").alias("file"), *block, line))
    if len(set(days.values())) == 1:
        return placed.withColumn("file_day", F.lit(next(iter(days.values()))).cast("date"))
    by_path = {re.sub("^s3://", "s3a://", file.path): day for file, day in days.items()}
    # The column spells a space %20 and file:/ with one slash.
    named = [(uri.replace("file:///", "file:/", 1), by_path[_path_of(uri)]) for uri in frame.inputFiles()]
    lookup = frame.sparkSession.createDataFrame(named, "file string, day string")
    known = lookup.select("file", F.col("day").cast("date").alias("file_day"))
    joined = placed.join(F.broadcast(known), placed["place"]["file"] == known["file"], "left")
    return joined.select(*placed.columns, "file_day")


def _path_of(uri: str) -> str:
    parts = urlsplit(uri)
    path = unquote(parts.path)
    return path if parts.scheme in ("", "file") else f"{parts.scheme}://{parts.netloc}{path}"


def _unpacked(spark: SparkSession, days: Mapping[File, str | None], unpack: Unpack, made: pa.Schema) -> DataFrame:
    """Rows that Python makes of the files, a task for each."""
    listed = [(file.path, day, file.header) for file, day in days.items()]
    files = spark.createDataFrame(listed, "file string, day string, header string")
    return files.repartitionByRange(len(listed), "file").mapInArrow(unpack, from_arrow_schema(made))


def _placed(rows: DataFrame) -> DataFrame:
    place = F.struct("file", F.lit(0).cast("long").alias("block"), F.col("place").alias("row"), "line")
    return rows.withColumns({"file_day": F.col("day").cast("date"), "place": place})


def _csv_rows(lines: DataFrame, file: File, given: Delivered) -> DataFrame:
    quote = given.quote
    options = {
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": UNREADABLE,
        "sep": given.delimiter,
        "quote": quote,
        "escape": given.escape or quote,
        "maxCharsPerColumn": "-1",
        "multiLine": str(given.multiline).lower(),
    }
    parsed = F.from_csv("value", _strings([*file.columns, UNREADABLE]), options)
    whole = F.expr("is_valid_utf8(value)") & ~F.contains("value", F.lit(BROKEN))
    readable = F.col("row")[UNREADABLE].isNull() & whole
    if quote:
        readable &= _quotes(given) % 2 == 0
    rows = lines.where(F.col("value") != file.header) if file.header else lines
    rows = rows.withColumn("row", parsed).withColumn("readable", readable)
    raw = _json(F.col("row").dropFields(UNREADABLE))
    text = F.replace(F.expr("make_valid_utf8(value)"), F.lit(BROKEN), F.lit("\ufffd"))
    whole_row = {
        "raw": F.when(F.col("readable"), raw).otherwise(text),
        "first": F.lit(True),
        "part": F.lit(""),
        "odd": F.array().cast("array<string>"),
    }
    return rows.withColumns(whole_row).select(*ROW)


def _quotes(given: Delivered) -> Column:
    """How many quotes of a line are not escaped by a sign of their own."""
    text = F.col("value")
    if given.escape not in (given.quote, ""):
        text = F.replace(
            F.replace(text, F.lit(given.escape * 2), F.lit("")), F.lit(given.escape + given.quote), F.lit("")
        )
    return F.length(text) - F.length(F.replace(text, F.lit(given.quote), F.lit("")))


def _parquet_rows(
    spark: SparkSession, days: Mapping[File, str | None], names: Sequence[str], door: str, most: int | None
) -> DataFrame:
    """Only the columns that are wanted: Spark may not even know the types of the others."""
    file = next(iter(days))
    kinds = {name: _kind(file, name, door) for name in names}
    frame = _reader(spark).schema(_read_schema(file, [n for n in names if kinds[n]])).parquet(*_paths(days))
    frame = frame.select(F.struct("*").alias("element0"), "_metadata")
    frame = _with_day(frame, days, F.col("_metadata.row_index") + 1).drop("_metadata")
    frame = frame if most is None else frame.limit(most)
    lists = deepest(name for name in names if kinds[name])
    for depth, path in enumerate(lists):
        inner = F.posexplode_outer(_field(frame[f"element{depth}"], path, frame))
        frame = frame.select("*", inner.alias(f"place{depth}", f"element{depth + 1}"))
    cells = [_cell(frame, name, kinds[name]) for name in names]
    row = F.struct(*cells) if cells else F.struct(F.lit(None).alias("_"))
    places = [F.coalesce(f"place{depth}", F.lit(0)) for depth in range(len(lists))]
    first = F.lit(True)
    for place in places:
        first &= place == 0
    part = F.concat_ws(":", *(place.cast("string") for place in places)) if places else F.lit("")
    return frame.select(
        row.alias("row"),
        "file_day",
        _json(row).alias("raw"),
        F.lit(True).alias("readable"),
        first.alias("first"),
        part.alias("part"),
        F.array().cast("array<string>").alias("odd"),
        "place",
    )


def _kind(file: File, name: str, door: str) -> T.DataType | None:
    """What Spark reads a wanted column as; None where the file lacks it, or it holds nothing at all."""
    kind = kind_at(file, name)
    if kind is None or pa.types.is_null(kind):
        return None
    found = spark_type(kind)
    if found is None:
        raise LsifError(f"{door}: the column {name} of {file.path} is {kind}, which cannot be read")
    return found


def _read_schema(file: File, names: Sequence[str]) -> T.StructType:
    """The top columns that hold what is wanted."""
    heads = dict.fromkeys(_head(file, name) for name in names)
    kinds = dict(zip(file.columns, file.kinds, strict=True))
    found = {head: spark_type(kinds[head]) for head in heads}
    return T.StructType([T.StructField(head, kind) for head, kind in found.items() if kind is not None])


def _head(file: File, name: str) -> str:
    """The column of a file in which a path begins: names that hold dots themselves come first."""
    parts = re.split(r"(\.|\[\])", name)
    heads = ("".join(parts[:end]) for end in range(len(parts), 0, -2))
    return next(head for head in heads if head in file.columns)


def _cell(frame: DataFrame, name: str, kind: T.DataType | None) -> Column:
    if kind is None:
        return F.lit(None).cast("string").alias(name)
    element = frame[f"element{len(lists_of(name))}"]
    cell = _field(element, last_of(name), frame)
    return cell.alias(name)


def _field(column: Column, path: str, frame: DataFrame) -> Column:
    """What stands at a path without lists in a struct; a name that holds dots itself comes first."""
    if not path:
        return column
    kind = frame.select(column.alias("_")).schema["_"].dataType
    assert isinstance(kind, T.StructType)
    if path in kind.names:
        return column.getField(path)
    head, _, rest = path.partition(".")
    return _field(column.getField(head), rest, frame)


def _json(row: Column) -> Column:
    return F.to_json(row, {"ignoreNullFields": "false"})


def _strings(names: Iterable[str]) -> str:
    return ", ".join(f"`{name.replace('`', '``')}` string" for name in names)
