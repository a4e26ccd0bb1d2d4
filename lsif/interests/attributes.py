"""What else a delivery says of a product or a user: columns kept under their own names, as texts or as numbers."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from lsif.bounds import Rules
from lsif.intake.cells import any_of
from lsif.intake.mapping import Mapped


def named_texts(part: Mapped, rules: Rules) -> tuple[Column, Column]:
    """The columns of `attributes` as pairs of name and text, blank ones left out; and whether one was lost, or cut at
    `max_text` characters."""
    found = [
        (name, F.left(text, F.lit(rules.max_text)), is_lost | (F.length(text) > rules.max_text))
        for name, text, is_lost in part.each("attributes")
    ]
    return _pairs([(name, text) for name, text, _ in found], "string"), any_of([is_lost for _, _, is_lost in found])


def named_numbers(part: Mapped) -> tuple[Column, Column]:
    """The columns of `numbers` as pairs of name and finite number, and whether there is something that is none."""
    found = part.each_number("numbers")
    return _pairs([(name, number) for name, number, _ in found], "double"), any_of([lost for _, _, lost in found])


def _pairs(values: list[tuple[str, Column]], kind: str) -> Column:
    pairs = [F.struct(F.lit(name).alias("name"), value.alias("value")) for name, value in values]
    empty = F.array().cast(f"array<struct<name: string, value: {kind}>>")
    return F.filter(F.array(*pairs), lambda pair: pair["value"].isNotNull()) if pairs else empty
