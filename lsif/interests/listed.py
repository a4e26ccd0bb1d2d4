"""A list that comes as a whole, of products or users: its rows, the first of each id, and what became of the rest."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lsif.bounds import Rules
from lsif.errors import LsifError
from lsif.intake.damage import reading
from lsif.intake.files import delivered_files
from lsif.intake.lines import base_of, parts_of, told
from lsif.intake.mapping import Mapped, lacking, mapped
from lsif.intake.masking import Masking
from lsif.privacy.pseudonym import SEALED
from lsif.schema import TABLES
from lsif.sources import Delivered
from lsif.tables.door import arrow_schema

QUARANTINE = arrow_schema(TABLES["quarantine"], with_ds=False)
Columns = Callable[[Mapped], tuple[dict[str, Column], dict[str, Column]]]
"""Our columns but the id, and what each had to lose."""


@dataclass(frozen=True)
class Listed:
    """Rows sorted by id, rejected rows, and counts: `rows_in` = rows + rejects + repeated.

    `lost` counts, by our optional columns, what the rows had to lose; `lacking` says how many files lack one. `sealed`
    are the ids of the rows under the key, where they are pseudonyms.
    """

    rows: pa.Table
    rejects: pa.Table
    rows_in: int
    repeated: int
    lost: dict[str, int]
    lacking: dict[str, str]
    sealed: pa.Table | None = None


@dataclass(frozen=True)
class Door:
    """How rows of one list are made.

    Attributes:
        table: where they go.
        name: `catalogue` or `users`: the `source` of rejected rows.
        columns: what makes our columns.
        texts: columns that are cut at `max_text` characters, and counted.
    """

    table: str
    name: str
    columns: Columns
    texts: tuple[str, ...] = ()


def judged(
    spark: SparkSession, door: Door, given: Delivered, path: str, rules: Rules, mask: Masking | None = None
) -> Listed:
    """What was delivered at `path` as rows of the door's table.

    | rule         | a row breaks it when                                                                  |
    |--------------|---------------------------------------------------------------------------------------|
    | `unreadable` | its line is no CSV or JSON row of the columns, or no text in its encoding             |
    | `missing_id` | its id is blank                                                                       |
    | `bad_id`     | its id is an object, a list, a truth value or a fraction, or holds a sign nobody sees |
    | `long_text`  | its id is longer than `max_text` characters                                           |
    """
    (key,) = TABLES[door.table].key
    files = delivered_files(given, path)
    with reading(spark, hides=mask is not None):
        parts = list(mapped(spark, door.name, given, {path: None}, mask=mask))
        schema = arrow_schema(TABLES[door.table], with_ds=False)
        if not parts:
            return Listed(schema.empty_table(), QUARANTINE.empty_table(), 0, 0, {}, {})
        rows_in = sum(part.rows.count() for part in parts)
        whole = reduce(DataFrame.unionByName, (_rows(part, key, door, rules) for part in parts)).persist()
        try:
            found = _found(whole, key, schema, mask is not None, lambda rows: _told(spark, given, path, rows))
        finally:
            whole.unpersist()
    if rows_in != len(found.rows) + len(found.rejects) + found.repeated:
        raise LsifError(f"rows of the {door.name} do not add up, so nothing was written: {rows_in:,} were delivered")
    said = {f"{door.name}.{name}": f"{n:,} of {len(files):,} files" for name, n in lacking(given, files).items()}
    return Listed(found.rows, found.rejects, rows_in, found.repeated, found.lost, said, found.sealed)


def _rows(part: Mapped, key: str, door: Door, rules: Rules) -> DataFrame:
    made, lost = door.columns(part)
    key_column = part.id(key)
    long = {name: F.coalesce(F.length(made[name]) > rules.max_text, F.lit(False)) for name in door.texts}
    made |= {name: F.left(made[name], F.lit(rules.max_text)) for name in door.texts}
    broken = {
        "unreadable": ~F.col("readable"),
        "missing_id": key_column.isNull(),
        "bad_id": part.is_odd(key),
        "long_text": F.length(key_column) > rules.max_text,
    }
    rule = F.coalesce(*(F.when(is_broken, F.lit(name)) for name, is_broken in broken.items()))
    lost |= {name: lost.get(name, F.lit(False)) | is_long for name, is_long in long.items()}
    losses = [F.when(F.coalesce(is_lost, F.lit(False)), F.lit(name)) for name, is_lost in lost.items()]
    return part.rows.select(
        key_column.alias(key),
        *(column.alias(name) for name, column in made.items()),
        rule.alias("rule"),
        F.lit(door.name).alias("source"),
        F.when(rule.isNotNull(), F.col("raw")).alias("raw"),
        F.array_compact(F.array(*losses)).cast("array<string>").alias("lost"),
        part.sealed().alias(SEALED),
        "place",
    )


def _told(spark: SparkSession, given: Delivered, path: str, rows: DataFrame) -> DataFrame:
    """Rejected rows with their files and lines; nothing is counted where there are none."""
    parts = parts_of(spark, given, {path: None}) if rows.take(1) else []
    return told(rows, parts, base_of(given, path))


def _found(
    whole: DataFrame, key: str, schema: pa.Schema, is_masked: bool, tell: Callable[[DataFrame], DataFrame]
) -> Listed:
    good = whole.where(F.col("rule").isNull())
    first = good.withColumn("nth", F.row_number().over(Window.partitionBy(key).orderBy("place")))
    kept = first.where(F.col("nth") == 1).orderBy(key)
    rows = kept.select(*schema.names).toArrow().cast(schema)
    rejects = tell(whole.where(F.col("rule").isNotNull()).select("rule", "source", "raw", "place"))
    rejects = rejects.orderBy("file", "line").select(*QUARANTINE.names).toArrow()
    lost: Counter[str] = Counter()
    for row in kept.groupBy("lost").count().collect():
        lost.update(dict.fromkeys(row["lost"], row["count"]))
    sealed = kept.select(key, SEALED).toArrow() if is_masked else None
    return Listed(rows, rejects.cast(QUARANTINE), 0, good.count() - len(rows), dict(lost), {}, sealed)
