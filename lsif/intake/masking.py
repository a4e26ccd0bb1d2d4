"""Pseudonyms where files are read: `lsif/privacy/pseudonym.py`, said in columns of Spark; no row leaves the JVM."""

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from lsif.config import Settings
from lsif.privacy.key import Key, key_of
from lsif.privacy.pseudonym import NAME_DIGITS, NONCE_DIGITS, PREFIX, USER

BLOCK = 64
"""Bytes that SHA-256 takes at once."""


@dataclass(frozen=True)
class Masking:
    """What is masked, and how.

    Attributes:
        fields: our columns, and attributes of users, that become pseudonyms.
        longest: characters of an id that is not too long.
        erasure: the key of the list of erased users, where somebody is on it.
    """

    key: Key
    fields: frozenset[str]
    longest: int
    erasure: bytes | None = None

    def of(self, text: Column) -> Column:
        """The pseudonym of a text; null of null. That of a text that is too long is too long, for the rule to see."""
        name = F.concat(F.lit(PREFIX), F.left(self._digest(text), F.lit(NAME_DIGITS)))
        return F.when(F.length(text) > self.longest, F.rpad(name, self.longest + 1, "_")).otherwise(name)

    def sealed(self, text: Column) -> Column:
        """The way back of a text."""
        digest = self._digest(text)
        name = F.concat(F.lit(PREFIX), F.left(digest, F.lit(NAME_DIGITS)))
        nonce = F.unhex(F.substring(digest, NAME_DIGITS + 1, NONCE_DIGITS))
        how = (_bytes(self.key.seals), F.lit("GCM"), F.lit("DEFAULT"), nonce, _utf8(name))
        return F.base64(F.aes_encrypt(_utf8(text), *how))

    def _digest(self, text: Column) -> Column:
        return keyed(text, self.key.names)


def masking(settings: Settings, erasure: bytes | None = None) -> Masking | None:
    """None where users keep their ids.

    Args:
        erasure: the key of the list of erased users, where somebody is on it.

    Raises:
        LsifError: as `key_of`.
    """
    if not settings.privacy.pseudonyms:
        return None
    return Masking(
        key_of(settings), frozenset({USER, *settings.privacy.pseudonym_columns}), settings.rules.max_text, erasure
    )


def keyed(text: Column, key: bytes) -> Column:
    """HMAC-SHA-256 in hexadecimal, by its definition (RFC 2104): of a key that is shorter than a block."""
    inner, outer = (_bytes(bytes(one ^ pad for one in key.ljust(BLOCK, b"\0"))) for pad in (0x36, 0x5C))
    return F.sha2(F.concat(outer, F.unhex(F.sha2(F.concat(inner, _utf8(text)), 256))), 256)


def _bytes(secret: bytes) -> Column:
    return F.lit(bytearray(secret))


def _utf8(text: Column) -> Column:
    return F.encode(text, "utf-8")
