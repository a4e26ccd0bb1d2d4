"""Receipts of purges: what was taken out, of whom by pseudonym, each with the SHA-256 of the one before."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsif.errors import LsifError

FOLDER = "receipts"
"""Below LSIF_HOME."""
Receipt = dict[str, Any]


def receipts(home: Path) -> list[tuple[Path, Receipt]]:
    """All receipts in the order in which they were written.

    Raises:
        LsifError: one cannot be read.
    """
    found = []
    for file in (home / FOLDER).glob("*.json"):
        try:
            receipt = json.loads(file.read_text("utf-8"))
            found.append((int(receipt["number"]), file, receipt))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LsifError(f"the receipt {file} cannot be read: bring it back from a backup ({error})") from error
    return [(file, receipt) for _, file, receipt in sorted(found, key=lambda one: one[:2])]


@dataclass
class Chain:
    """Where the next receipt is to be tied on.

    Attributes:
        number, previous: of the last one; 0 and None before the first.
        written: SHA-256 of each = its pseudonym.
    """

    home: Path
    number: int = 0
    previous: str | None = None
    written: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, home: Path) -> "Chain":
        """Raises LsifError when a receipt cannot be read."""
        found = receipts(home)
        written = {digest(file): str(receipt["pseudonym"]) for file, receipt in found}
        return cls(home, len(found), next(reversed(written), None), written)

    def add(self, receipt: Receipt) -> str:
        """Write the next receipt, of the user `receipt["pseudonym"]`; returns its SHA-256."""
        who, folder = str(receipt["pseudonym"]), self.home / FOLDER
        whole = {**receipt, "number": self.number + 1, "previous_sha256": self.previous}
        file = folder / f"{who}.json"
        if file.exists():  # who came back to some table is purged once more
            file = folder / f"{who}-{self.number + 1}.json"
        folder.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(".part")
        half.write_text(json.dumps(whole, indent=1, sort_keys=True), "utf-8")
        os.replace(half, file)
        self.number, self.previous = self.number + 1, digest(file)
        self.written[self.previous] = who
        return self.previous


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def verify(home: Path, noted: dict[str, str]) -> int:
    """Hold the chain against itself and against the table; returns how many receipts there are.

    Args:
        noted: what the table `erased_users` says: SHA-256 of each receipt = whose it is.

    Raises:
        LsifError: one is missing, was changed, or is not of the chain.
    """
    found, previous = receipts(home), None
    for number, (file, receipt) in enumerate(found, 1):
        own = digest(file)
        if receipt["number"] != number:
            raise LsifError(f"receipt {number} is missing: {file.name} is number {receipt['number']}")
        if receipt["previous_sha256"] != previous:
            raise LsifError(f"receipt {number - 1} is not what it was when {file.name}, number {number}, was written")
        if noted.get(own) != receipt["pseudonym"]:
            raise LsifError(f"receipt {number}, {file.name}, is not what the table erased_users has the hash of")
        previous = own
    if lost := noted.keys() - {digest(file) for file, _ in found}:
        raise LsifError(f"{len(lost)} receipts are missing that the table erased_users has the hash of")
    return len(found)
