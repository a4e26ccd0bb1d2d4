"""The list of erased users: who asked, until when models that learned from them may score, what was purged.

It grows and never shrinks. Users stand there by pseudonym (`lsif.privacy.erasure_key`), the last line of each counts.
Who is on it stays erased, also who comes back: rows of theirs that are delivered later are left out at the door, until
a person takes the erasure back.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import day_before
from lsif.errors import LsifError
from lsif.privacy.erasure_key import erasure_key, pseudonym
from lsif.tables import Tables
from lsif.tables.erased import ASKED, ERASED, PURGED, UNDONE, Hidden, latest

Line = dict[str, Any]
"""A row of `erased_users`."""


def ask(tables: Tables, users: Iterable[str], ds: str, retrain_days: int, versions: Sequence[str]) -> list[str]:
    """Put users on the list as of `ds`; returns the pseudonyms of those who were not on it.

    Args:
        versions: of the model, that may have learned from them: all that there are, until a purge looks closer.
    """
    key, last = erasure_key(make=not len(tables.read(ERASED))), latest(tables.read(ERASED))
    asked = list(dict.fromkeys(pseudonym(key, user) for user in users))
    new = [one for one in asked if last.get(one) not in (ASKED, PURGED)]
    by = day_before(ds, -retrain_days)
    note(tables, [line(one, ds, ASKED, retrain_by=by, versions=list(versions)) for one in new])
    return new


def undo(tables: Tables, users: Iterable[str], ds: str) -> list[str]:
    """Take users off the list as of `ds`; returns their pseudonyms. What a purge took out stays out.

    Raises:
        LsifError: one of them is not on it.
    """
    last, given = latest(tables.read(ERASED)), list(dict.fromkeys(users))
    if not last:
        raise LsifError("nobody was ever erased: there is nothing to take back")
    key = erasure_key()
    chosen = {pseudonym(key, user): user for user in given}
    if strange := [user for one, user in chosen.items() if last.get(one) not in (ASKED, PURGED)]:
        raise LsifError(f"{len(strange)} of the users are not erased, {strange[0]!r} first: nothing was taken back")
    note(tables, [line(one, ds, UNDONE) for one in chosen])
    return list(chosen)


def line(who: str, ds: str, status: str, **given: Any) -> Line:
    return {"pseudonym": who, "ds": ds, "status": status, **given}


def note(tables: Tables, lines: Sequence[Line]) -> None:
    """Add lines to the list, numbered on."""
    if lines:
        first = (pc.max(tables.read(ERASED, columns=["seq"])["seq"]).as_py() or 0) + 1
        rows = [{"seq": first + n, **one} for n, one in enumerate(lines)]
        tables.append(ERASED, pa.Table.from_pylist(rows, tables.schema(ERASED)))


def lines(tables: Tables) -> list[Line]:
    """The whole list, oldest first."""
    found: list[Line] = tables.read(ERASED).sort_by("seq").to_pylist()
    return found


def waiting(tables: Tables) -> dict[str, Line]:
    """Those on the list, pseudonym = the line that asked for it; purged or not."""
    last = latest(tables.read(ERASED))
    asked = {one["pseudonym"]: one for one in lines(tables) if one["status"] == ASKED}
    return {who: asked[who] for who, status in last.items() if status in (ASKED, PURGED)}


def left_out(tables: Tables) -> Hidden | None:
    """Whose rows stay outside when they are delivered; None where that is nobody."""
    return tables.erased(ASKED, PURGED)


def learned(tables: Tables) -> dict[str, str]:
    """Versions of the model that learned from somebody who is erased = the last day for which they may score."""
    by: dict[str, str] = {}
    last = {one["pseudonym"]: one for one in lines(tables)}
    for who, asked in waiting(tables).items():
        for version in last[who]["versions"] or ():
            by[version] = min(by.get(version, "9999"), asked["retrain_by"])
    return by


def overdue(tables: Tables, ds: str) -> dict[str, str]:
    """Those of `learned` that may not score `ds` any more."""
    return {version: by for version, by in learned(tables).items() if by < ds}


def refused(version: str, by: str) -> LsifError:
    """Why a version does not score, nor stand for promotion."""
    return LsifError(
        f"version {version} learned from a user who was erased and could score until {by}: train a model without "
        "them (`lsif train --ds ...`)"
    )
