"""Delivered rows of users who were erased: they stay outside, whatever day they come for."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lsif.intake.masking import keyed
from lsif.tables.erased import USER, Hidden


def without_erased(delivered: DataFrame, users: Hidden | None) -> tuple[DataFrame, int]:
    """Rows with a `user_id` of nobody who was erased, and how many the others were; nobody erased costs nothing."""
    if users is None:
        return delivered, 0
    gone = F.coalesce(keyed(F.col(USER), users.key).isin(sorted(one.hex() for one in users.pseudonyms)), F.lit(False))
    return delivered.where(~gone), delivered.where(gone).count()


def remark(rows: int) -> str | None:
    """For the ledger's note."""
    return f"{rows:,} rows of erased users left out" if rows else None
