"""One user's pseudonym and the way back, in Python; `lsif/intake/masking.py` says the same to Spark.

    digest    = HMAC-SHA-256(key.names, id)                                   (RFC 2104)
    pseudonym = "p_" + the first 128 bits of digest, in hexadecimal
    sealed    = base64(nonce, AES-256-GCM(key.seals, nonce, id, associated data = pseudonym)), nonce = the next 96 bits

The nonce is made of the id, so that equal inputs make equal rows; another id has another nonce (NIST SP 800-38D asks
for no more than that a nonce is not used for two texts).
"""

import base64
import hashlib
import hmac
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lsif.errors import LsifError
from lsif.privacy.key import Key

USER, SEALED = "user_id", "sealed"
"""Columns: the user as the tables name them, and the id under the key."""
OF_ID = "id_pseudonym"
"""Column: the id as the list of erased users has it."""
PREFIX = "p_"
NAME_DIGITS, NONCE_DIGITS = 32, 24
"""Hexadecimal digits of the digest."""
NONCE_BYTES = NONCE_DIGITS // 2
PSEUDONYM = rf"{PREFIX}[0-9a-f]{{{NAME_DIGITS}}}"
"""As a regular expression."""


def pseudonym(key: Key, text: str) -> str:
    digest = hmac.new(key.names, text.encode(), hashlib.sha256).hexdigest()
    return PREFIX + digest[:NAME_DIGITS]


def is_pseudonym(text: str) -> bool:
    return re.fullmatch(PSEUDONYM, text) is not None


def stored_name(key: Key, typed: str) -> str:
    """What the tables call a user whom a person names by id, or by pseudonym."""
    return typed if is_pseudonym(typed) else pseudonym(key, typed)


def unsealed(key: Key, name: str, sealed: str) -> str:
    """The id of a line of the table `pseudonyms`.

    Raises:
        LsifError: it was sealed with another key, or changed.
    """
    whole = base64.b64decode(sealed)
    try:
        return AESGCM(key.seals).decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], name.encode()).decode()
    except InvalidTag as error:
        raise LsifError(f"the line of {name} in pseudonyms does not open with the key {key.id}") from error
