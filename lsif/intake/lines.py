"""In which file and on which line a row was delivered, for the few of which somebody will ask.

Spark does not number the lines that it cuts, only the rows of what each of its tasks reads. So where some of them are
wanted, the lines of each part of a file are counted once more, without looking into any.
"""

from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lsif.intake.mapping import layouts
from lsif.intake.rows import spark_can_cut, text_lines
from lsif.sources import Delivered

OF_TASK = (1 << 33) - 1
"""The bits of `place.row` that number the rows of one task."""
PART = "file string, block bigint, first bigint, before bigint"
Part = tuple[str, int, int, int]
"""A part of a file that one task reads: the number of its first line in the task, and the lines of the file before."""


def parts_of(spark: SparkSession, given: Delivered, paths: Mapping[str, str | None]) -> list[Part]:
    """The parts of the files at `paths` whose lines Spark cuts.

    Raises:
        LsifError: as `delivered_files`.
    """
    found: list[Part] = []
    for files in layouts(given, paths):
        if not spark_can_cut(given, files):
            continue
        place = text_lines(spark, files).select("place.file", "place.block", _of_task(F.col("place")).alias("row"))
        counted = place.groupBy("file", "block").agg(F.min("row").alias("first"), F.count("*").alias("lines"))
        before: dict[str, int] = {}
        for file, block, first, lines in sorted(counted.collect(), key=itemgetter(0, 1)):
            found.append((file, block, first, before.get(file, 0)))
            before[file] = before.get(file, 0) + lines
    return found


def told(rows: DataFrame, parts: list[Part], base: str) -> DataFrame:
    """`rows` with `file` and `line` instead of their `place`.

    Args:
        base: the folder in which files are named by their way from it, as the settings name them.
    """
    known = rows.sparkSession.createDataFrame(parts, PART)
    place = F.col("place")
    of_part = (place["file"] == known["file"]) & (place["block"] == known["block"])
    joined = rows.join(F.broadcast(known), of_part, "left") if parts else rows
    counted = F.col("before") + _of_task(place) - F.col("first") + 1 if parts else F.lit(None)
    line = F.coalesce(place["line"], counted).cast("long")
    return joined.select(*(c for c in rows.columns if c != "place"), _name(place["file"], base), line.alias("line"))


def base_of(given: Delivered, path: str) -> str:
    """The folder from which the settings name the files at `path`; empty where they name all of it."""
    named = Path(given.path)
    return "" if "://" in path or named.is_absolute() else str(Path(path).parents[len(named.parts) - 1])


def _of_task(place: Column) -> Column:
    return place["row"].bitwiseAND(F.lit(OF_TASK))


def _name(file: Column, base: str) -> Column:
    """Spark spells a file as a URI, our own readers as a path."""
    decoded = F.url_decode(F.replace(file, F.lit("+"), F.lit("%2B")))
    path = F.when(file.startswith("file:"), F.regexp_replace(decoded, "^file:/+", "/"))
    path = path.when(file.startswith("s3a://"), F.regexp_replace(decoded, "^s3a:", "s3:")).otherwise(file)
    start = f"{base.rstrip('/')}/"
    below = F.when(path.startswith(start), F.substring(path, len(start) + 1, 2**30)).otherwise(path)
    return (below if base else path).alias("file")
