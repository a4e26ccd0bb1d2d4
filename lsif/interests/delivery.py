"""A source's delivered files as one DataFrame of rows in our columns, every row still there, good or bad."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lsif.errors import LsifError
from lsif.intake import cells
from lsif.intake.mapping import Mapped, mapped, unfolds
from lsif.intake.masking import Masking
from lsif.intake.rows import PLACE
from lsif.intake.unfolding import ELEMENT
from lsif.privacy.pseudonym import OF_ID, SEALED
from lsif.sources import Source

IDS = ("event_id", "user_id", "item_id")
WORDS = ("query", "recommendation_id", "list")
"""Texts that a row may do without."""
TEXTS = (*IDS, "event_type", *WORDS)
QUARANTINE = "quarantine"
"""The word by which a source has its refunds rejected."""

DELIVERED = (
    "source string, file_day date, raw string, readable boolean, first boolean, event_id string, user_id string, "
    "item_id string, event_type string, query string, recommendation_id string, list string, event_time timestamp, "
    "weight double, value double, bad_number boolean, bad_id boolean, lacks_id boolean, refund boolean, "
    f"lost array<string>, place {PLACE}"
)
"""A delivery's columns. `file_day` is the day that the path of the row's file names, null when it names none. `raw` is
the row as delivered: JSON, or the text itself when it cannot be read. `first` is true for the first of the rows that
one was unfolded to. `event_time` is null when none can be read from it. `weight` and `value` are the row's own, null
when it has none. `bad_id` is true where an id holds what no id is, `lacks_id` where the source has event ids and this
row has none, `refund` where the source rejects such a row. `lost` are optional columns that held something else than
they may. `place` is where the row lies."""


def delivery(
    spark: SparkSession,
    name: str,
    source: Source,
    paths: Mapping[str, str | None],
    most: int | None = None,
    mask: Masking | None = None,
) -> DataFrame:
    """Every row that `source` delivered at `paths`, in the columns `DELIVERED`; with a `mask` also `SEALED`, and
    `OF_ID` where somebody is erased.

    A text format has one row per line: blank lines and repetitions of a file's header are no rows, and a line break
    inside quotes makes two unreadable ones, unless the source says `multiline`. Ids are text and stay as they are;
    whole numbers become their digits.

    Args:
        paths: where files lie, and the day that the path names, None when it names none.
        most: rows of a layout, or of each file, that are enough.
        mask: what makes pseudonyms of users.

    Raises:
        LsifError: as `mapped`; an id column is neither text nor whole numbers; the type of events is not said.
    """
    if not (source.event_type or "event_type" in source.mapped):
        raise LsifError(f"sources.{name}: say columns.event_type, or event_type for all of its events")
    parts = [_events(name, part, source) for part in mapped(spark, f"sources.{name}", source, paths, most, mask)]
    asked = [f"{name} string" for name in (*([SEALED] if mask else []), *([OF_ID] if mask and mask.erasure else []))]
    nothing = ", ".join([DELIVERED, *asked])
    return reduce(DataFrame.unionByName, parts) if parts else spark.createDataFrame([], nothing)


def _events(name: str, part: Mapped, source: Source) -> DataFrame:
    ids = {field: part.id(field) for field in IDS}
    if unfolds(source) and "event_id" in source.given and not any(ELEMENT in n for n in source.given["event_id"]):
        ids["event_id"] = F.concat_ws(":", ids["event_id"], F.when(ids["event_id"].isNotNull(), F.col("part")))
        ids["event_id"] = F.when(ids["event_id"] != "", ids["event_id"])
    weight, bad_weight = part.number("weight")
    value, lost_value = part.number("value")
    negative = F.coalesce(value < 0, F.lit(False))
    event_type = part.text("event_type") if "event_type" in source.mapped else F.lit(source.event_type)
    keeps_sign = source.refunds not in (None, QUARANTINE)
    if keeps_sign:
        event_type = F.when(negative, F.lit(source.refunds)).otherwise(event_type)
    lost = {"value": lost_value if keeps_sign else lost_value | negative}
    words = {field: part.words(field) for field in WORDS}
    lost |= {field: is_lost for field, (_, is_lost) in words.items()}
    return part.rows.select(
        F.lit(name).alias("source"),
        "file_day",
        "raw",
        "readable",
        "first",
        *(column.alias(field) for field, column in ids.items()),
        event_type.alias("event_type"),
        *(column.alias(field) for field, (column, _) in words.items()),
        part.time("event_time").alias("event_time"),
        weight.alias("weight"),
        (value if keeps_sign else F.when(~negative, value)).alias("value"),
        (bad_weight | F.coalesce(weight < 0, F.lit(False))).alias("bad_number"),
        cells.any_of([part.is_odd(field) for field in IDS]).alias("bad_id"),
        (ids["event_id"].isNull() if "event_id" in source.mapped else F.lit(False)).alias("lacks_id"),
        (negative if source.refunds == QUARANTINE else F.lit(False)).alias("refund"),
        _names_of(lost).alias("lost"),
        "place",
        *([part.sealed().alias(SEALED)] if part.mask else []),
        *([part.id_pseudonym(part.mask.by.erasure).alias(OF_ID)] if part.mask and part.mask.by.erasure else []),
    )


def _names_of(lost: dict[str, Column]) -> Column:
    names = F.array(*(F.when(F.coalesce(is_lost, F.lit(False)), F.lit(name)) for name, is_lost in lost.items()))
    return F.array_compact(names)
