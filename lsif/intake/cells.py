"""What a cell of a delivery means: text, a number, yes or no; and what is no id."""

import re
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lsif.intake.unpacking import odd_as
from lsif.sources import Delivered

INVISIBLE = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}&&[^\u200c\u200d]]"
"""Signs that nobody sees, but for those that join letters of one word."""
NO_ID = rf"{INVISIBLE}|^ *[\p{{Z}}&&[^ ]]\p{{Z}}*$"
"""Nor is an id of spaces alone, where some are none of a keyboard's: of those, a text is blank."""
PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def text(cell: Column, kind: T.DataType) -> Column:
    """A cell as text: ids and whole numbers keep their digits, and lists of words are their words."""
    if isinstance(kind, T.StringType):
        return cell
    if isinstance(kind, T.BinaryType):
        return F.make_valid_utf8(cell.cast("string"))
    if isinstance(kind, T.DecimalType):
        whole = cell == F.floor(cell)
        return F.when(whole, F.floor(cell).cast("string")).otherwise(cell.cast("string"))
    if isinstance(kind, T.ArrayType) and isinstance(kind.elementType, T.StringType):
        return F.array_join(cell, " ")
    if isinstance(kind, T.ArrayType | T.StructType | T.MapType):
        return F.to_json(cell)
    return cell.cast("string")


def filled(words: Column, given: Delivered) -> Column:
    """Null where a text is blank or one of the words for nothing."""
    trimmed = F.trim(words)
    return F.when(~trimmed.isin("", *given.null_values), words)


def joined(parts: list[Column], between: str) -> Column:
    """Texts in one, null when one of them is."""
    pieces = parts[:1] + [piece for part in parts[1:] for piece in (F.lit(between), part)]
    return F.concat(*pieces) if parts else F.lit(None).cast("string")


def holds(name: str, *kinds: str) -> Column:
    """Whether a cell of JSON holds one of `unpacking.odd_as`."""
    return F.arrays_overlap("odd", F.array(*(F.lit(odd_as(kind, name)) for kind in kinds)))


def is_odd(cell: Column, kind: T.DataType, name: str) -> Column:
    """Whether a cell holds what no id is: an object, a fraction, a sign that nobody sees."""
    odd = holds(name, "object", "list", "flag", "fraction", "half")
    if isinstance(kind, T.StringType | T.BinaryType):
        return odd | is_rubbish(cell, kind) | F.coalesce(text(cell, kind).rlike(NO_ID), F.lit(False))
    if isinstance(kind, T.DecimalType):
        return F.coalesce(cell != F.floor(cell), F.lit(False))
    return F.lit(False)


def is_rubbish(cell: Column, kind: T.DataType) -> Column:
    """Whether bytes are no text."""
    is_text = F.is_valid_utf8(cell.cast("string")) if isinstance(kind, T.BinaryType) else F.lit(True)
    return F.coalesce(~is_text, F.lit(False))


def number(words: Column, given: Delivered) -> Column:
    """A text as a number; null when it is none as the source writes them."""
    if not given.thousands and given.decimal == ".":
        return F.when(words.rlike(PLAIN), words.try_cast("double"))  # engines read 12D and 0x1p3, too
    point, between = re.escape(given.decimal), re.escape(given.thousands)
    grouped = rf"|[+-]?\d{{1,3}}({between}\d{{3}})+({point}\d+)?" if given.thousands else ""
    fits = words.rlike(rf"^([+-]?\d+({point}\d*)?([eE][+-]?\d+)?{grouped})$")
    plain = F.replace(words, F.lit(given.thousands), F.lit("")) if given.thousands else words
    return F.when(fits, F.replace(plain, F.lit(given.decimal), F.lit("."))).try_cast("double")


def is_plain(name: str) -> Column:
    """Whether a cell of JSON holds a number with a point, which is no sign of thousands there."""
    return holds(name, "fraction")


def is_finite(amount: Column) -> Column:
    return F.coalesce(~F.isnan(amount) & (F.abs(amount) < float("inf")), F.lit(False))


def flag(words: Column, given: Delivered) -> Column:
    """A text as yes or no; null when it is neither. Where some are absent, pandas writes the others as 1.0 and 0.0."""
    low = F.regexp_replace(F.lower(F.trim(words)), r"^([01])\.0+$", "$1")
    yes, no = ([word.lower() for word in known] for known in (given.true_values, given.false_values))
    return F.when(low.isin(*yes), F.lit(True)).when(low.isin(*no), F.lit(False))


def is_no_text(cell: Column, kind: T.DataType, name: str, lists: bool) -> Column:
    """Whether a cell that is to be text is something else; `lists` of words are text where many words may stand."""
    if isinstance(kind, T.StringType | T.BinaryType):
        return is_rubbish(cell, kind) | holds(name, "object", "half", *(() if lists else ("list",)))
    is_words = isinstance(kind, T.ArrayType) and isinstance(kind.elementType, T.StringType)
    nested = isinstance(kind, T.ArrayType | T.StructType | T.MapType) and not (lists and is_words)
    return cell.isNotNull() if nested else F.lit(False)


def any_of(conditions: list[Column]) -> Column:
    return reduce(Column.__or__, conditions, F.lit(False))
