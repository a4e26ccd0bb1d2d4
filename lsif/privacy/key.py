"""The key of pseudonyms: a file that only its owner reads, and what is made of it."""

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.privacy.key_file import BYTES, KeyFile


@dataclass(frozen=True)
class Key:
    """256 random bits. What is done with them has a key of its own each (HKDF, RFC 5869)."""

    secret: bytes = field(repr=False)

    @cached_property
    def id(self) -> str:
        """Names the key and says nothing of it."""
        return hmac.new(self.secret, b"lsif key id", hashlib.sha256).hexdigest()[:12]

    @cached_property
    def names(self) -> bytes:
        """What makes pseudonyms."""
        return self._derived(b"lsif pseudonyms")

    @cached_property
    def seals(self) -> bytes:
        """What encrypts the way back."""
        return self._derived(b"lsif way back")

    def _derived(self, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=BYTES, salt=None, info=purpose).derive(self.secret)


def key_path(settings: Settings) -> Path:
    """Where `[privacy] key_file` is.

    Raises:
        LsifError: the settings name none, or one beside the tables that it protects.
    """
    if not settings.privacy.key_file:
        raise LsifError("[privacy] names no key_file: users have no pseudonyms here")
    path = Path(settings.locate(settings.privacy.key_file, None)).expanduser()
    if path.is_relative_to(settings.tables):
        raise LsifError(f"the key {path} lies among the tables, and would be copied with them: name another key_file")
    return path


def key_of(settings: Settings) -> Key:
    """The key that the settings name.

    Raises:
        LsifError: there is none, others can read it, or it is none.
    """
    return Key(_file(key_path(settings)).read())


def made_key(path: Path) -> Key:
    """A new key in a file that only its owner reads.

    Raises:
        LsifError: there is a file already, or none can be made.
    """
    try:
        return Key(_file(path).draw())
    except FileExistsError as error:
        raise LsifError(f"there is a key {path} already: `lsif rotate-key` replaces it, tables and all") from error


def _file(path: Path) -> KeyFile:
    return KeyFile(path, "that of pseudonyms", "`lsif privacy-key` makes one")
