"""What a purge that was killed has to know when it is run again: what there was before it began."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsif.privacy.look import Found
from lsif.privacy.receipts import FOLDER

FILE = "purge.plan"


@dataclass
class Plan:
    """Of one purge; users stand in it by pseudonym.

    Attributes:
        bases: days of the bases that held the tiles as they were.
        users: pseudonym = what was found of each, as their receipt says it.
        landing: delivered files that name one of them.
    """

    bases: list[str] = field(default_factory=list)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    landing: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, home: Path) -> "Plan | None":
        """None where no purge was cut short."""
        file = home / FOLDER / FILE
        return cls(**json.loads(file.read_text("utf-8"))) if file.exists() else None

    def add(self, found: Found) -> None:
        """What is found now; of a user whom an earlier try counted, that count stands: part of it may be gone."""
        for who in found.ids:
            tables = {name: {"rows": found.rows[who][name], "files": files} for name, files in found.files[who].items()}
            days = sorted(found.days[who])
            self.users.setdefault(who, {"tables": dict(sorted(tables.items())), "days": days})

    def write(self, home: Path) -> None:
        folder = home / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / f"{FILE}.part"
        half.write_text(json.dumps(vars(self)), "utf-8")
        os.replace(half, folder / FILE)

    @staticmethod
    def done(home: Path) -> None:
        (home / FOLDER / FILE).unlink(missing_ok=True)
