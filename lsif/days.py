"""Days as `YYYY-MM-DD` strings: the only way a date travels through LSIF."""

import re
from datetime import date, timedelta

from lsif.errors import LsifError

MICROS_OF_DAY = 86_400_000_000


def parsed_day(text: str) -> str:
    """`text` itself when it is a day.

    Raises:
        LsifError: it is not of the form YYYY-MM-DD, or no such day exists.
    """
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError("not of the form YYYY-MM-DD")
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise LsifError(f"{text!r} is not a day (YYYY-MM-DD): {error}") from error


def days_between(first: str, last: str) -> list[str]:
    """Every `ds` from `first` to `last`, both included."""
    start, stop = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=n)).isoformat() for n in range((stop - start).days + 1)]


def day_before(ds: str, days: int = 1) -> str:
    return (date.fromisoformat(ds) - timedelta(days=days)).isoformat()
