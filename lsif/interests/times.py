"""One meaning for every way a log may write a time."""

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, LongType, NumericType, TimestampNTZType, TimestampType

ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
OFFSET = r"\s*(Z|UTC|[+-]\d{2}:?\d{2})$"
NUMBER = r"^\d+(\.\d+)?(E\d+)?$"  # JSON readers write 1509408000.5 as 1.5094080005E9

SECONDS, MILLIS, MICROS = 10**8, 10**11, 10**14
"""Smallest number that is read as each unit; each begins in March 1973."""


def event_time(column: Column, kind: DataType, time_zone: str, nanos: bool = False) -> Column:
    """The instant (UTC, microseconds) that `column` means; null when it means none.

    - Text with an offset (`2017-03-12T02:30:00-05:00`, `...Z`) is that instant.
    - Text without one, and Parquet's timestamps without zone, are wall clock in `time_zone`: in the hour that a
      change to summer time skips, the clock is moved on by that hour; in the hour that comes twice, the first is meant.
    - A date is its midnight in `time_zone`.
    - A number is seconds, milliseconds or microseconds since 1970, told apart by size; smaller ones (`20171031`) are
      no time.

    Args:
        time_zone: of times without an offset; UTC for Parquet timestamps that are instants.
        nanos: the column holds whole nanoseconds, as pandas writes its timestamps to Parquet.
    """
    if nanos:
        micros = F.floor(column.cast("decimal(20,0)") / F.lit(1000).cast("decimal(4,0)"))  # a double is too coarse
        return F.to_utc_timestamp(F.timestamp_micros(micros.cast("long")), time_zone)
    if isinstance(kind, TimestampType):
        return column
    if isinstance(kind, TimestampNTZType | DateType):
        return F.to_utc_timestamp(column.cast("timestamp"), time_zone)
    if isinstance(kind, NumericType):
        return _from_number(column)
    return _from_text(F.trim(column), time_zone)


def _from_text(text: Column, time_zone: str) -> Column:
    # Spark alone would read '12:30' as that time today, and '2017' as a day.
    zoned, naive = text.rlike(ISO + OFFSET), text.rlike(ISO + "$")
    colon = F.regexp_replace(text, r"\s*([+-]\d{2}):?(\d{2})$", "$1:$2")
    return (
        F.when(naive, F.to_utc_timestamp(F.try_to_timestamp(text), time_zone))
        .when(zoned, F.try_to_timestamp(colon))
        .when(text.rlike(NUMBER), _from_number(text))
    )


def _from_number(number: Column) -> Column:
    exact = number.try_cast("decimal(24,6)")
    micros = (
        F.when(exact < SECONDS, F.lit(None))
        .when(exact < MILLIS, exact * 1_000_000)
        .when(exact < MICROS, exact * 1_000)
        .when(exact < MICROS * 1000, exact)
    )
    return F.timestamp_micros(micros.try_cast(LongType()))
