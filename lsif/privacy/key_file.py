"""Files of keys: 256 random bits as hexadecimal digits, which nobody but their owner reads."""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from lsif.errors import LsifError

BYTES = 32


@dataclass(frozen=True)
class KeyFile:
    """Where a key lies.

    Attributes:
        path: its file.
        name: what it is for, in an error.
        remedy: what helps where it is gone or damaged.
    """

    path: Path
    name: str
    remedy: str

    def read(self) -> bytes:
        """The key [32].

        Raises:
            LsifError: there is none, others can read it, or it is none.
        """
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(2 * BYTES + 3)
        except FileNotFoundError as error:
            raise LsifError(f"there is no key {self.path} ({self.name}): {self.remedy}") from error
        except OSError as error:
            raise LsifError(f"cannot read the key {self.path} ({self.name}): {error.strerror}") from error
        if stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise LsifError(
                f"others can read the key {self.path} ({self.name}): chmod 600 {self.path}; who has read it?"
            )
        try:
            key = bytes.fromhex(text.decode())
        except ValueError:
            key = b""
        if len(key) != BYTES:
            raise LsifError(f"{self.path} ({self.name}) holds no key of {2 * BYTES} hexadecimal digits: {self.remedy}")
        return key

    def draw(self) -> bytes:
        """A new key in the file, whole or not at all.

        Raises:
            FileExistsError: there is a file already; it stays.
            LsifError: none can be made.
        """
        key = secrets.token_bytes(BYTES)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            drawn = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            with os.fdopen(os.open(drawn, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(key.hex() + "\n")
            try:
                os.link(drawn, self.path)
            finally:
                drawn.unlink()
        except FileExistsError:
            raise
        except OSError as error:
            raise LsifError(f"cannot make the key {self.path} ({self.name}): {error.strerror}") from error
        return key
