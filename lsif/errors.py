"""What can go wrong in a way that a person can mend, each with the exit code a job ends with."""

from collections.abc import Sequence


class LsifError(Exception):
    """Bad input, configuration or argument: one clear line that says what to do, exit code 2."""

    exit_code = 2


NAMED = 31
"""Days that one line can name, a month of them; of more it gives the first, the last and how many."""


class MissingDays(LsifError):
    """A step needs partitions that are not there.

    Attributes:
        table: name of the table with the gap.
        days: the missing `ds`, ascending.
    """

    def __init__(self, table: str, days: Sequence[str]) -> None:
        self.table, self.days = table, list(days)
        named = ", ".join(self.days)
        if len(self.days) > NAMED:
            named = f"{self.days[0]} to {self.days[-1]}, {len(self.days):,} days of them"
        super().__init__(f"table {table} lacks {named}: run (or backfill) those days first, oldest first")


class OtherRelease(LsifError):
    """A model's files are of another release of LSIF, whose weights do not fit this code: train again."""


class Superseded(LsifError):
    """Another writer committed the same partition first: its rows stand and ours were never visible."""

    exit_code = 99
