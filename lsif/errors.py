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


class OutageError(LsifError):
    """A service did not answer, so nothing is known of the input: the same step may do well a minute later.

    Raised where the object store, MLflow, PostgreSQL, Airflow or Spark's master refuses or cuts the connection, has no
    address, takes longer than its time-out, or answers 429 or 5xx. Never for what was answered: a bucket that is not
    there, a key that is refused, an unknown version stay `LsifError`. What was asked for may have been done or not;
    every step may be run again. Airflow tries a job that ends with its exit code again, as `retries` says. It is an
    `LsifError` so that it ends as one line: who goes another way on bad input catches this one first.
    """

    exit_code = 75  # sysexits.h: EX_TEMPFAIL


class Superseded(LsifError):
    """Another writer committed the same partition first: its rows stand and ours were never visible."""

    exit_code = 99
