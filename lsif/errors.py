"""What can go wrong in a way that a person can mend, each with the exit code a job ends with."""

from collections.abc import Sequence


class LsifError(Exception):
    """Bad input, configuration or argument: one clear line that says what to do, exit code 2."""

    exit_code = 2


class MissingDays(LsifError):
    """A step needs partitions that are not there; names them all.

    Attributes:
        table: name of the table with the gap.
        days: the missing `ds`, ascending.
    """

    def __init__(self, table: str, days: Sequence[str]) -> None:
        self.table, self.days = table, list(days)
        super().__init__(
            f"table {table} lacks {', '.join(self.days)}: run (or backfill) those days first, oldest first"
        )


class OtherRelease(LsifError):
    """A model's files are of another release of LSIF, whose weights do not fit this code: train again."""


class Superseded(LsifError):
    """Another writer committed the same partition first: its rows stand and ours were never visible."""

    exit_code = 99
