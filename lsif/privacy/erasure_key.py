"""The secret by which users are named where nobody is to be named: pseudonyms by HMAC-SHA256 (RFC 2104)."""

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from lsif.config import home_folder
from lsif.errors import LsifError

FOLDER, ERASURE = "keys", "erasure.key"
BYTES = 32


def erasure_key(make: bool = False) -> bytes:
    """The key of the list of erased users: 32 bytes in a file of LSIF_HOME that its owner alone reads.

    Args:
        make: draw one where there is none yet.

    Raises:
        LsifError: the file is missing, or is none of ours. Without it nobody can tell who is on the list.
    """
    file = home_folder() / FOLDER / ERASURE
    if make and not file.exists():
        _draw(file)
    try:
        key = bytes.fromhex(file.read_text("ascii"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it does not hold 64 hexadecimal digits"
        raise LsifError(
            f"the key of the erased users, {file}, cannot be read ({why}): bring it back from where LSIF_HOME is "
            "backed up; without it erased users cannot be told from others"
        ) from error
    if len(key) != BYTES:
        raise LsifError(f"the key of the erased users, {file}, has {len(key)} bytes instead of {BYTES}: bring it back")
    return key


def pseudonym(key: bytes, user: str) -> str:
    """HMAC-SHA256 of an id, 64 hexadecimal digits."""
    return hmac.digest(key, user.encode(), "sha256").hex()


def _draw(file: Path) -> None:
    """Whole or not at all, and by one process alone: the first one's key stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    drawn = file.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(drawn, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(secrets.token_hex(BYTES))
    with suppress(FileExistsError):
        os.link(drawn, file)
    drawn.unlink()
