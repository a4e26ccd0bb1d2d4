"""What a night's model read and gave, as histograms by name; the profile of many users is the sum of theirs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lsif.drift.histogram import Histogram

INPUTS = ("users", "history", "groups", "window", "items")
"""Parts of a profile that the model reads; the same whichever model reads them."""
OUTPUTS = ("score", "alpha", "shares")
"""Parts that it gives; those of another model mean something else."""
NOTE = "profile"
"""Under which what is staged keeps it."""
Key = tuple[str, str]
"""Part, name."""


@dataclass
class Profile:
    """Histograms that grow."""

    of: dict[Key, Histogram] = field(default_factory=dict)

    def add(self, part: str, name: str, counted: Histogram) -> None:
        had = self.of.get((part, name))
        self.of[part, name] = counted if had is None else had + counted

    def add_all(self, part: str, counted: Mapping[str, Histogram]) -> None:
        for name, histogram in counted.items():
            self.add(part, name, histogram)

    def take(self, other: "Profile") -> None:
        """Of other users."""
        for (part, name), histogram in other.of.items():
            self.add(part, name, histogram)

    def rows(self) -> list[dict[str, Any]]:
        """Sorted, without whose model it was."""
        return [{"part": part, "measure": name, **one.to_row()} for (part, name), one in sorted(self.of.items())]

    @classmethod
    def from_rows(cls, rows: Iterable[dict[str, Any]]) -> "Profile":
        """The sum of them all."""
        made = cls()
        for row in rows:
            made.add(row["part"], row["measure"], Histogram.from_row(row))
        return made

    def to_text(self) -> str:
        return json.dumps(self.rows())

    @classmethod
    def of_notes(cls, notes: Mapping[str, str]) -> "Profile":
        """Of what is staged with these notes; an earlier release left none."""
        return cls.from_rows(json.loads(notes.get(NOTE, "[]")))
