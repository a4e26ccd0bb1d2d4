"""What the rules of lists did in a night: rows that each kept out, changed or placed, and for how many users.

Kept out is what would have been a row of the list without rules, by the first rule that is against it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsif.features.ragged import Array

TOO_FEW = "too_few_items"
"""Rows that lists lack since no item was left for them; lists of own items end where a user's own items do."""
NOTE = "rule_hits"
"""Under which what is staged keeps them."""
Counted = dict[tuple[str, str], tuple[int, int]]
"""List and rule = rows and users."""


@dataclass
class Hits:
    """Counts that grow."""

    counted: Counted = field(default_factory=dict)

    def add(self, name: str, rule: str, users: Array, rows: int | None = None) -> None:
        """
        Args:
            users: of each row, one that no other call counts for this rule.
            rows: how many, where they are not one for each of `users`.
        """
        if len(users):
            self.take({(name, rule): (len(users) if rows is None else rows, len(np.unique(users)))})

    def take(self, others: Counted) -> None:
        """Of other users."""
        for key, (rows, users) in others.items():
            had = self.counted.get(key, (0, 0))
            self.counted[key] = (had[0] + rows, had[1] + users)

    def rows(self) -> list[dict[str, Any]]:
        """Rows of `list_rule_hits`, sorted."""
        return [
            {"list": name, "rule": rule, "rows": rows, "users": users}
            for (name, rule), (rows, users) in sorted(self.counted.items())
        ]

    def missing(self) -> dict[str, int]:
        """Rows that are missing, by list."""
        return {name: rows for (name, rule), (rows, _) in self.counted.items() if rule == TOO_FEW}

    def to_text(self) -> str:
        return json.dumps(self.rows())

    @classmethod
    def of(cls, notes: Mapping[str, str]) -> "Hits":
        """Of what is staged with these notes; an earlier release left none."""
        return cls.from_text(notes.get(NOTE, "[]"))

    @classmethod
    def from_text(cls, text: str) -> "Hits":
        return cls({(row["list"], row["rule"]): (row["rows"], row["users"]) for row in json.loads(text)})
