"""When a new base is due, and which bases may be used: those that hold the tiles as they are, with these settings."""

import json
from collections.abc import Callable, Iterable, Mapping

from lsif.config import Settings
from lsif.days import day_before
from lsif.errors import LsifError
from lsif.interests.history import HistorySettings
from lsif.tables import Tables
from lsif.tables.marks import number_of

GROWTH = 4
"""A new base is due when the days since the last one hold more than a quarter of the rows before it."""


def base_days(rows: Mapping[str, int]) -> list[str]:
    """Days on which a base is due, from the rows of each day alone.

    The first day makes the first base; then each base holds a quarter more than the one before, so that the cost of
    all bases together grows with the log and a night's share of it does not.

    >>> base_days({"2017-01-01": 8, "2017-01-02": 1, "2017-01-03": 1, "2017-01-04": 1, "2017-01-05": 1})
    ['2017-01-01', '2017-01-04']
    """
    due, held, since = [], 0, 0
    for ds in sorted(rows):
        since += rows[ds]
        if since * GROWTH > held:
            due.append(ds)
            held, since = held + since, 0
    return due


def history_settings(settings: Settings) -> HistorySettings:
    return HistorySettings(settings.interests.half_lives_days, settings.interests.last_days)


def is_due(tables: Tables, ds: str, how: HistorySettings) -> bool:
    """Whether the night of `ds` writes a base: one is due there, was due and is not there, or is there already."""
    tables = tables.pinned()
    # Rows of events, which the log counts for ever, and not of tiles, which may have been thinned.
    due = base_days(tables.rows("events", last=ds))
    there = usable_bases(tables, day_before(ds), how)
    return ds in tables.days("long_term_histories", ds, ds) or bool(due and max(there, default="") < due[-1])


def usable_bases(tables: Tables, last: str, how: HistorySettings) -> list[str]:
    """Days of the bases up to `last` that hold the tiles that there are now, at the half-lives of `how`, ascending.

    Any other is stale: a day before it came later, or was delivered again with other rows, or the settings changed.
    """
    tables = tables.pinned()
    digest, wanted = tiles_digest(tables), (_number(how), None)  # None: of a release that did not write it down

    def is_usable(ds: str) -> bool:
        tiles, settings = (tables.made_from("long_term_histories", what) for what in (ds, _settings_of(ds)))
        return tiles == digest(ds) and settings in wanted

    return [ds for ds in tables.days("long_term_histories", last=last) if is_usable(ds)]


def made_from(days: Iterable[str], digest: Callable[[str], int], how: HistorySettings) -> dict[str, int]:
    """What `Writer.commit` is told that bases of these days are made from: tiles and settings."""
    return {what: number for ds in days for what, number in ((ds, digest(ds)), (_settings_of(ds), _number(how)))}


def _settings_of(ds: str) -> str:
    return f"{ds}/settings"


def _number(how: HistorySettings) -> int:
    return number_of(json.dumps([[float(days) for days in how.half_lives_days], how.last_days]))


def tiles_digest(tables: Tables) -> Callable[[str], int]:
    """The number that stands for all tiles up to a day; a base keeps that of its own day.

    Once tiles are thinned, the oldest base stands for those up to its day.
    """
    tiles, closed = tables.digests("history_tiles"), thinned_through(tables)
    thinned = tables.made_from("long_term_histories", closed) or 0 if closed else 0
    return lambda last: thinned + sum(number for ds, number in tiles.items() if ds <= last)


def thinned_through(tables: Tables) -> str | None:
    """The last day whose tile was thinned: that of the oldest base, which holds them all."""
    oldest = min(tables.days("long_term_histories"), default="9999")
    return oldest if oldest < min(tables.days("history_tiles"), default="9999") else None


def check_open(tables: Tables, first: str, last: str) -> None:
    """Refuse to write only some of the days whose tiles were thinned.

    Raises:
        LsifError: the oldest base holds the old rows of those days, and nothing is left to make another from.
    """
    closed, begins = thinned_through(tables), min(tables.days("events"), default=first)
    if closed and first <= closed and not (first <= begins and last >= closed):
        raise LsifError(
            f"ds={first} is closed: tiles up to {closed} have been thinned (see [retention]); "
            f"only import_past --from {min(first, begins)} --ds {closed} can make them again"
        )
