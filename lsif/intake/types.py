"""Types of Parquet's columns in Spark's words, declared before a row is read."""

import pyarrow as pa
import pyarrow.types as pat
from pyspark.sql import types as T

WHOLE = {
    pa.int8(): T.ByteType(), pa.int16(): T.ShortType(), pa.int32(): T.IntegerType(), pa.int64(): T.LongType(),
    pa.uint8(): T.ShortType(), pa.uint16(): T.IntegerType(), pa.uint32(): T.LongType(),
    pa.uint64(): T.DecimalType(20, 0),
}  # fmt: skip
SIMPLE = {
    pa.bool_(): T.BooleanType(), pa.float32(): T.FloatType(), pa.float64(): T.DoubleType(), pa.date32(): T.DateType(),
}  # fmt: skip


def spark_type(kind: pa.DataType) -> T.DataType | None:  # noqa: PLR0911
    """What Spark reads a column as; None where it cannot. Nanoseconds are read as whole numbers."""
    if pat.is_dictionary(kind):
        return spark_type(kind.value_type)
    if pat.is_string(kind) or pat.is_large_string(kind) or pat.is_string_view(kind):
        return T.StringType()
    if pat.is_binary(kind) or pat.is_large_binary(kind) or pat.is_binary_view(kind):
        return T.BinaryType()
    if pat.is_timestamp(kind):
        return T.LongType() if kind.unit == "ns" else T.TimestampType() if kind.tz else T.TimestampNTZType()
    if pat.is_decimal128(kind):
        return T.DecimalType(kind.precision, kind.scale)
    if pat.is_list(kind) or pat.is_large_list(kind) or pat.is_fixed_size_list(kind):
        element = spark_type(kind.value_type)
        return element and T.ArrayType(element)
    if pat.is_map(kind):
        key, value = spark_type(kind.key_type), spark_type(kind.item_type)
        return T.MapType(key, value) if key and value else None
    if pat.is_struct(kind):
        fields = [(field.name, spark_type(field.type)) for field in kind]
        return T.StructType([T.StructField(name, inner) for name, inner in fields if inner is not None])
    return WHOLE.get(kind) or SIMPLE.get(kind)


def is_id(kind: T.DataType) -> bool:
    """Whether ids may be of this type: text, whole numbers, or decimals, of which a value with a fraction is no id."""
    whole = T.ByteType | T.ShortType | T.IntegerType | T.LongType
    return isinstance(kind, T.StringType | T.BinaryType | T.DecimalType | whole)
