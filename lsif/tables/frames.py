"""A table's files as a Spark DataFrame."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from lsif.table_schema import DS, TableSchema
from lsif.tables.erased import USER
from lsif.tables.files import spark_path

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def frame_of(
    spark: "SparkSession",
    table: TableSchema,
    files: Sequence[str],
    columns: Sequence[str] | None,
    gone: pa.Array | None = None,
) -> "DataFrame":
    """Rows of the files (URLs) with their `ds`, without users that are `gone`, read by the declared schema."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import StructType

    wanted = StructType.fromJson(table.struct())
    if not files:
        return spark.createDataFrame([], wanted).select(*(columns or wanted.names))
    stored = StructType.fromJson(table.struct(with_ds=False))
    # The path tells the day: partition discovery would guess types and reads NULL without a base path.
    frame = (
        spark.read.schema(stored)
        .option("recursiveFileLookup", "true")
        .parquet(*map(spark_path, files))
        .withColumn(DS, F.regexp_extract(F.col("_metadata.file_path"), r"/ds=(\d{4}-\d{2}-\d{2})/", 1))
    )
    if gone is not None:
        frame = frame.where(~F.col(USER).isin(gone.to_pylist()))
    return frame.select(*(columns or wanted.names))
