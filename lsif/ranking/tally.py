"""What a night counts beside its rows: what rules did, how often evidence held, what the model read and gave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from lsif.drift.profile import NOTE as PROFILE
from lsif.drift.profile import Profile
from lsif.ranking.hits import NOTE as HITS
from lsif.ranking.hits import Hits

NOTE = "evidence_tests"
"""Under which what is staged keeps the counts of tests."""


@dataclass
class Tally:
    """Counts that grow.

    Attributes:
        tests: list = rows whose evidence was tested by deletion, and those for which it held.
        profile: of what the model read and gave.
    """

    hits: Hits = field(default_factory=Hits)
    tests: dict[str, tuple[int, int]] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)

    def tested(self, name: str, rows: int, held: int) -> None:
        had = self.tests.get(name, (0, 0))
        self.tests[name] = (had[0] + rows, had[1] + held)

    def take(self, other: "Tally") -> None:
        """Of other users."""
        self.hits.take(other.hits.counted)
        self.profile.take(other.profile)
        for name, counts in other.tests.items():
            self.tested(name, *counts)

    def notes(self) -> dict[str, str]:
        """For what is staged."""
        tests = json.dumps(self.tests, sort_keys=True)
        return {HITS: self.hits.to_text(), NOTE: tests, PROFILE: self.profile.to_text()}

    def to_text(self) -> str:
        return json.dumps(self.notes())

    @classmethod
    def of(cls, notes: Mapping[str, str]) -> "Tally":
        """Of what is staged with these notes; an earlier release left none."""
        tests = json.loads(notes.get(NOTE, "{}"))
        held = {name: (rows, held) for name, (rows, held) in tests.items()}
        return cls(Hits.of(notes), held, Profile.of_notes(notes))

    @classmethod
    def from_text(cls, text: str) -> "Tally":
        return cls.of(json.loads(text))
