"""The secret by which users are named where nobody is to be named: pseudonyms by HMAC-SHA256 (RFC 2104)."""

import hmac
from contextlib import suppress

from lsif.config import home_folder
from lsif.privacy.key_file import KeyFile

FOLDER, ERASURE = "keys", "erasure.key"
REMEDY = (
    "bring it back from where LSIF_HOME is backed up; without it erased users cannot be told from others, and another "
    "key names nobody on their list"
)


def erasure_key(make: bool = False) -> bytes:
    """The key of the list of erased users: 32 bytes in a file of LSIF_HOME that its owner alone reads.

    Args:
        make: draw one where there is none yet.

    Raises:
        LsifError: the file is missing, can be read by others, or is none of ours. Without it nobody can tell who is on
            the list.
    """
    file = KeyFile(home_folder() / FOLDER / ERASURE, "that of the erased users", REMEDY)
    if make and not file.path.exists():
        with suppress(FileExistsError):  # the key of whoever came first stays
            file.draw()
    return file.read()


def pseudonym(key: bytes, user: str) -> str:
    """HMAC-SHA256 of an id, 64 hexadecimal digits."""
    return hmac.digest(key, user.encode(), "sha256").hex()
