"""Delivered rows of users who were erased: they stay outside, whatever day they come for."""

from functools import reduce
from operator import or_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lsif.intake.masking import keyed
from lsif.privacy.pseudonym import OF_ID
from lsif.tables.erased import USER, Hidden


def without_erased(delivered: DataFrame, users: Hidden | None) -> tuple[DataFrame, int]:
    """Rows with a `user_id` of nobody who was erased, and how many the others were; nobody erased costs nothing.

    With pseudonyms rows say `OF_ID`, too, which is asked as well: who was erased under another key had another name.
    """
    if users is None:
        return delivered, 0
    names = [keyed(F.col(USER), users.key), *(F.col(OF_ID) for name in delivered.columns if name == OF_ID)]
    on_list = sorted(one.hex() for one in users.pseudonyms)
    gone = reduce(or_, (F.coalesce(name.isin(on_list), F.lit(False)) for name in names))
    return delivered.where(~gone).drop(OF_ID), delivered.where(gone).count()


def remark(rows: int) -> str | None:
    """For the ledger's note."""
    return f"{rows:,} rows of erased users left out" if rows else None
