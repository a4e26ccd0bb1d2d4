"""Delivered rows of users who were erased: they stay outside, whatever day they come for."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lsif.tables.erased import Hidden

BLOCK = 64
"""Bytes that SHA-256 takes at once (RFC 2104)."""


def without_erased(delivered: DataFrame, users: Hidden | None) -> tuple[DataFrame, int]:
    """Rows with a `user_id` of nobody who was erased, and how many the others were; nobody erased costs nothing."""
    if users is None:
        return delivered, 0
    gone = F.coalesce(keyed("user_id", users.key).isin(sorted(one.hex() for one in users.pseudonyms)), F.lit(False))
    return delivered.where(~gone), delivered.where(gone).count()


def keyed(column: str, key: bytes) -> Column:
    """HMAC-SHA256 of a column of texts by Spark's own functions, as `lsif.privacy.keys.pseudonym` makes it."""
    inner, outer = (bytearray(byte ^ pad for byte in key.ljust(BLOCK, b"\0")) for pad in (0x36, 0x5C))
    hashed = F.sha2(F.concat(F.lit(inner), F.encode(column, "UTF-8")), 256)
    return F.sha2(F.concat(F.lit(outer), F.unhex(hashed)), 256)


def remark(rows: int) -> str | None:
    """For the ledger's note."""
    return f"{rows:,} rows of erased users left out" if rows else None
