"""One meaning for every way a log may write a time."""

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lsif.intake.patterns import OFFSET, java_pattern
from lsif.sources import Delivered

DAY, CLOCK = r"\d{4}-\d{2}-\d{2}", r"\d{2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?"
ZONE = r"\s*([Zz]|UTC|GMT|[+-]\d{2}(:?\d{2})?)"
ISO, NAIVE = rf"^{DAY}[Tt ]{CLOCK}{ZONE}$", rf"^{DAY}([Tt ]{CLOCK})?$"
DAY_OF_ZONE = rf"^{DAY}{ZONE}$"
BASIC = rf"^\d{{8}}[Tt]\d{{4}}(\d{{2}}([.,]\d{{1,9}})?)?({ZONE})?$"
NUMBER = r"^-?\d+(\.\d+)?([Ee][+-]?\d+)?$"  # some write 1509408000.5 as 1.5094080005E9

SECONDS, MILLIS, MICROS, NANOS, MOST = 10**8, 10**11, 10**14, 10**17, 2**63 - 1
"""Smallest number that is read as each unit; each begins in March 1973."""
IN_MICROS = {"s": 10**6, "ms": 10**3, "us": 1}


def event_time(column: Column, kind: T.DataType, given: Delivered, zone: str, nanos: bool = False) -> Column:
    """The instant (UTC, microseconds) that `column` means; null when it means none.

    - Text with an offset (`2017-03-12T02:30:00-05:00`, `...Z`, `...+00`) is that instant.
    - Text without one, and Parquet's timestamps without zone, are wall clock in `zone`: in the hour that a
      change to summer time skips, the clock is moved on by that hour; in the hour that comes twice, the first is meant.
    - A date is its midnight in `zone`.
    - A number is seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size unless the source
      names the unit; smaller ones (`20171031`) are then no time.
    - Where the source says how its times are written, other text is none.

    Args:
        zone: of times without an offset; UTC for Parquet timestamps that are instants.
        nanos: the column holds whole nanoseconds, as pandas writes its timestamps to Parquet.
    """
    if nanos:
        micros = F.floor(column.cast("decimal(20,0)") / F.lit(1000).cast("decimal(4,0)"))  # a double is too coarse
        return F.to_utc_timestamp(F.timestamp_micros(micros.cast("long")), zone)
    if isinstance(kind, T.TimestampType):
        return column
    if isinstance(kind, T.TimestampNTZType | T.DateType):
        return F.to_utc_timestamp(column.cast("timestamp"), zone)
    if isinstance(kind, T.NumericType):
        return _from_number(column, given.time_unit)
    return _from_text(F.trim(column.cast("string")), given, zone)


def _from_text(text: Column, given: Delivered, zone: str) -> Column:
    if given.time_format:
        return F.coalesce(*(_as_written(text, one, zone) for one in given.time_format))
    if given.time_unit:
        return F.when(text.rlike(NUMBER), _from_number(text, given.time_unit))
    return _from_iso(text, zone)


def _as_written(text: Column, written: str, zone: str) -> Column:
    """Of `written`, as `%d/%m/%Y`."""
    pattern = java_pattern(written)
    if OFFSET not in pattern:
        return F.to_utc_timestamp(F.try_to_timestamp(text, F.lit(pattern)), zone)
    return F.try_to_timestamp(_zoned(text), F.lit(pattern.replace("' 'XXX", "XXX")))


def _from_iso(text: Column, zone: str) -> Column:
    # Spark alone would read '12:30' as that time today, and '2017' as a day.
    return (
        F.when(text.rlike(NAIVE), F.to_utc_timestamp(F.try_to_timestamp(_plain(text)), zone))
        .when(text.rlike(ISO), F.try_to_timestamp(_zoned(_plain(text))))
        .when(text.rlike(NUMBER), _from_number(text, None))
        .when(text.rlike(BASIC), _from_basic(text, zone))
    )


def _plain(text: Column) -> Column:
    """With a space, a point, minutes and seconds, as Spark knows it."""
    spaced = F.regexp_replace(text, r"^(.{10})[Tt]", "$1 ")
    minutes = F.regexp_replace(spaced, r"^(.{10} \d{2})(?!:)", "$1:00")
    seconds = F.regexp_replace(minutes, r"^(.{10} \d{2}:\d{2})(?!:)", "$1:00")
    return F.replace(seconds, F.lit(","), F.lit("."))


def _zoned(text: Column) -> Column:
    """With an offset of hours and minutes, and nothing before it."""
    named = F.regexp_replace(text, r"\s*([Zz]|UTC|GMT)$", "+00:00")
    hours = F.regexp_replace(named, r"\s*([+-]\d{2})$", "$1:00")
    return F.regexp_replace(hours, r"\s*([+-]\d{2}):?(\d{2})$", "$1:$2")


def _from_basic(text: Column, zone: str) -> Column:
    """ISO without signs between its numbers: `20240302T101500Z`."""
    seconds = F.regexp_replace(text, r"^(.{13})(?!\d)", "$100")
    spread = F.regexp_replace(seconds, r"^(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d)", "$1-$2-$3 $4:$5:$6")
    plain = F.replace(spread, F.lit(","), F.lit("."))
    naive = F.to_utc_timestamp(F.try_to_timestamp(plain), zone)
    return F.when(text.rlike(ZONE + "$"), F.try_to_timestamp(_zoned(plain))).otherwise(naive)


def _from_number(number: Column, unit: str | None) -> Column:
    exact = number.try_cast("decimal(30,6)")
    thousandth = F.floor(exact / F.lit(1000).cast("decimal(4,0)")).cast("decimal(30,6)")
    if unit == "ns":
        micros = thousandth
    elif unit:
        micros = exact * IN_MICROS[unit]
    else:
        micros = (
            F.when(exact < SECONDS, F.lit(None))
            .when(exact < MILLIS, exact * 1_000_000)
            .when(exact < MICROS, exact * 1_000)
            .when(exact < NANOS, exact)
            .when(exact < MOST, thousandth)
        )
    return F.timestamp_micros(micros.try_cast(T.LongType()))
