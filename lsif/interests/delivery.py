"""Delivered files as one DataFrame of rows in our columns, every row still there, good or bad."""

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import groupby

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, LongType, StructType

from lsif.config import EventColumns, Source
from lsif.errors import LsifError
from lsif.interests.landing import File, delivered_files
from lsif.interests.times import event_time

IDS = ("event_id", "user_id", "item_id")
TEXTS = (*IDS, "event_type", "query", "recommendation_id")
NUMBERS = ("weight", "value")

DELIVERED = (
    "source string, file_day date, raw string, readable boolean, event_id string, user_id string, item_id string, "
    "event_type string, query string, recommendation_id string, event_time timestamp, weight double, value double, "
    "bad_number boolean, lacks_id boolean"
)
"""A delivery's columns. `file_day` is the day that the path of the row's file names, null when it names none. `raw` is
the row as delivered: JSON, or the text itself when it cannot be read. `event_time` is null when none can be read from
it. `weight` and `value` are the row's own, null when it has none. `lacks_id` is true where the source has event ids and
this row has none."""

OPTIONAL_KEYS = ("weight", "value", "query", "recommendation_id")
"""Fields that JSON lines leave out when they have none; a CSV or Parquet file must have their columns."""

UNREADABLE = "_unreadable"


def delivery(spark: SparkSession, name: str, source: Source, paths: Mapping[str, str | None]) -> DataFrame:
    """Every row that `source` delivered at `paths`, in the columns `DELIVERED`.

    A text format has one row per line: blank lines and repetitions of a file's header are no rows, and a line break
    inside quotes makes two unreadable ones. Ids are text and stay as they are; whole numbers become their digits.

    Args:
        paths: where files lie, and the day that the path names, None when it names none.

    Raises:
        LsifError: as `delivered_files`; an id column is neither text nor whole numbers; the type of events is not said.
    """
    if not (source.event_type or source.columns.event_type):
        raise LsifError(f"sources.{name}: say columns.event_type, or event_type for all of its events")
    wanted = wanted_columns(source)
    days = {file: day for path, day in paths.items() for file in delivered_files(path, source.format, wanted)}
    layouts = groupby(sorted(days, key=_layout), key=_layout)
    parts = [_mapped(spark, name, source, {file: days[file] for file in same}) for _, same in layouts]
    return reduce(DataFrame.unionByName, parts) if parts else spark.createDataFrame([], DELIVERED)


def wanted_columns(source: Source) -> list[str]:
    """Columns that a file of `source` must hold."""
    optional = OPTIONAL_KEYS if source.format == "jsonl" else ()
    return [name for field, names in _declared(source.columns).items() if field not in optional for name in names]


def _declared(columns: EventColumns) -> dict[str, tuple[str, ...]]:
    declared = {field: (names,) if isinstance(names, str) else tuple(names or ()) for field, names in columns}
    return {field: names for field, names in declared.items() if names}


def _layout(file: File) -> str:
    """Files of one layout are read together, since engines read columns of text by place; JSON lines name theirs."""
    return f"{file.header} {file.kinds} {file.columns}" if file.header or file.kinds else ""


def _mapped(spark: SparkSession, name: str, source: Source, days: dict[File, str | None]) -> DataFrame:
    rows, one = _rows(spark, source, days), next(iter(days))
    given = _declared(source.columns)
    texts = {field: _text(rows, given.get(field, ())) for field in TEXTS}
    if "event_type" not in given:
        texts["event_type"] = F.lit(source.event_type)
    numbers = {field: _number(rows, given.get(field, ())) for field in NUMBERS}
    bad = [_filled(rows, given[f]) & ~_is_quantity(numbers[f]) for f in NUMBERS if f in given]
    (time,) = given["event_time"]
    kinds = dict(zip(one.columns, one.kinds, strict=False))
    _check_ids(name, given, kinds)
    # A column of nanoseconds is a number to Spark; but INT96, which Arrow also calls nanoseconds, is a time to it.
    nanos = pa.types.is_timestamp(kinds.get(time, pa.null())) and isinstance(_kind(rows, time), LongType)
    return rows.select(
        F.lit(name).alias("source"),
        "file_day",
        "raw",
        "readable",
        *(column.alias(field) for field, column in texts.items()),
        event_time(rows["row"][time], _kind(rows, time), _zone(source, kinds.get(time)), nanos).alias("event_time"),
        *(column.alias(field) for field, column in numbers.items()),
        reduce(Column.__or__, bad, F.lit(False)).alias("bad_number"),
        (texts["event_id"].isNull() if "event_id" in given else F.lit(False)).alias("lacks_id"),
    )


def _rows(spark: SparkSession, source: Source, days: dict[File, str | None]) -> DataFrame:
    """Rows of files of one layout: `row` (a struct of the source's columns), `file_day`, `raw`, `readable`."""
    # Hadoop expands globs; in the path of a file that was listed, such characters are just characters.
    paths = [re.sub(r"([\[\]{}*?\\])", r"\\\1", re.sub("^s3://", "s3a://", file.path)) for file in days]
    reader = spark.read.option("recursiveFileLookup", "true")  # else a folder named a=b becomes a column
    frame = reader.parquet(*paths) if source.format == "parquet" else reader.text(paths)
    day = _file_day(frame, set(days.values())).alias("file_day")
    if source.format == "parquet":
        row = F.struct(*(F.col(f"`{column.replace('`', '``')}`") for column in frame.columns))
        return frame.select(row.alias("row"), day, _json(row).alias("raw"), F.lit(True).alias("readable"))
    lines = frame.select("value", day).where(F.trim("value") != "")
    return _csv_rows(lines, next(iter(days))) if source.format == "csv" else _json_rows(lines, source)


def _file_day(frame: DataFrame, days: set[str | None]) -> Column:
    """The day that each row's file names: at the place where the paths, taken together, read just `days`."""
    if days == {None}:
        return F.lit(None).cast("date")
    # Not the paths that were asked for: a space is %20 in these, and .. is gone. The column spells file:/ with one.
    files = [file.replace("file:///", "file:/", 1) for file in frame.inputFiles()]
    length = len("YYYY-MM-DD")
    place = next(at for at in range(len(files[0])) if {file[at : at + length] for file in files} == days)
    return F.substring("_metadata.file_path", place + 1, length).cast("date")


def _csv_rows(lines: DataFrame, file: File) -> DataFrame:
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": UNREADABLE, "escape": '"', "maxCharsPerColumn": "-1"}
    parsed = F.from_csv("value", _strings([*file.columns, UNREADABLE]), options)
    quotes = F.length("value") - F.length(F.replace("value", F.lit('"'), F.lit("")))
    readable = F.col("row")[UNREADABLE].isNull() & (quotes % 2 == 0) & F.expr("is_valid_utf8(value)")
    rows = lines.where(F.col("value") != file.header).withColumn("row", parsed).withColumn("readable", readable)
    return _with_raw(rows, _json(F.col("row").dropFields(UNREADABLE)))


def _json_rows(lines: DataFrame, source: Source) -> DataFrame:
    # As the only element of an array, so that anything after the object ({"a":1}{"a":2}) is an error.
    options = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
    names = dict.fromkeys(name for names in _declared(source.columns).values() for name in names)
    parsed = F.from_json(F.concat(F.lit("["), "value", F.lit("]")), f"array<struct<{_strings(names, ': ')}>>", options)
    readable = (F.size("rows") == 1) & F.col("rows")[0].isNotNull() & F.expr("is_valid_utf8(value)")
    rows = lines.withColumn("rows", parsed).withColumn("readable", F.coalesce(readable, F.lit(False)))
    return _with_raw(rows.withColumn("row", F.when(F.col("readable"), F.get("rows", F.lit(0)))), F.col("value"))


def _with_raw(rows: DataFrame, raw: Column) -> DataFrame:
    text = F.expr("make_valid_utf8(value)")
    return rows.select("row", "file_day", F.when(F.col("readable"), raw).otherwise(text).alias("raw"), "readable")


def _json(row: Column) -> Column:
    return F.to_json(row, {"ignoreNullFields": "false"})


def _strings(names: Iterable[str], colon: str = " ") -> str:
    return ", ".join(f"`{name.replace('`', '``')}`{colon}string" for name in names)


def _kind(rows: DataFrame, name: str) -> DataType:
    row = rows.schema["row"].dataType
    assert isinstance(row, StructType)
    return row[name].dataType


def _zone(source: Source, kind: pa.DataType | None) -> str:
    return "UTC" if kind is not None and pa.types.is_timestamp(kind) and kind.tz else source.time_zone


def _text(rows: DataFrame, names: tuple[str, ...]) -> Column:
    """Several columns are joined by ':'; null when one of them is null or blank."""
    parts = [rows["row"][name].cast("string") for name in names]
    filled = [F.when(F.trim(part) != "", part) for part in parts]
    joined = filled[:1] + [piece for part in filled[1:] for piece in (F.lit(":"), part)]
    return F.concat(*joined) if parts else F.lit(None).cast("string")


def _number(rows: DataFrame, names: tuple[str, ...]) -> Column:
    text = F.trim(_text(rows, names))
    return text.try_cast("double")


def _filled(rows: DataFrame, names: tuple[str, ...]) -> Column:
    return _text(rows, names).isNotNull()


def _is_quantity(number: Column) -> Column:
    finite = number.isNotNull() & ~F.isnan(number) & (number < float("inf"))
    return F.coalesce(finite & (number >= 0), F.lit(False))


def _check_ids(name: str, given: dict[str, tuple[str, ...]], kinds: dict[str, pa.DataType]) -> None:
    for column in (column for field in IDS for column in given.get(field, ())):
        kind = kinds.get(column, pa.string())
        value = kind.value_type if pa.types.is_dictionary(kind) else kind
        text = pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value)
        if not (text or pa.types.is_integer(value)):
            raise LsifError(f"sources.{name}: the id column {column} is {kind}; ids are text or whole numbers")
