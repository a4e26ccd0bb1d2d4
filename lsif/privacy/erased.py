"""The list of erased users: who asked, until when models that learned from them may score, what was purged.

It grows and never shrinks. Users stand there by pseudonym (`lsif.privacy.erasure_key`), the last line of each counts.
Who is on it stays erased, also who comes back: rows of theirs that are delivered later are left out at the door, until
a person takes the erasure back. Where the tables call users by pseudonyms, a line has that of the id, too: another key
gives a user another name and leaves the id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
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


NO_IDS: Mapping[str, str] = {}


def ask(
    tables: Tables,
    users: Iterable[str],
    ds: str,
    retrain_days: int,
    versions: Sequence[str],
    ids: Mapping[str, str] = NO_IDS,
) -> list[str]:
    """Put users on the list as of `ds`; returns the pseudonyms of those who were not on it.

    Args:
        users: as the tables call them.
        versions: of the model, that may have learned from them: all that there are, until a purge looks closer.
        ids: of users whom the tables call otherwise, as far as they are known.
    """
    key, last = erasure_key(make=not len(tables.read(ERASED))), latest(tables.read(ERASED))
    asked = {pseudonym(key, user): ids.get(user) for user in users}
    new = {who: own for who, own in asked.items() if last.get(who) not in (ASKED, PURGED)}
    told = {"retrain_by": day_before(ds, -retrain_days), "versions": list(versions)}
    note(tables, [line(who, ds, ASKED, **told, id_pseudonym=own and pseudonym(key, own)) for who, own in new.items()])
    return list(new)


def undo(tables: Tables, users: Iterable[str], ds: str, ids: Mapping[str, str] = NO_IDS) -> list[str]:
    """Take users off the list as of `ds`; returns their pseudonyms. What a purge took out stays out.

    Args:
        users, ids: as `ask` has them; whoever was erased under another key is found by id.

    Raises:
        LsifError: one of them is not on it.
    """
    if not len(tables.read(ERASED)):
        raise LsifError("nobody was ever erased: there is nothing to take back")
    key, on, given = erasure_key(), waiting(tables), list(dict.fromkeys(users))
    names = {user: {pseudonym(key, name) for name in (user, ids.get(user, user))} for user in given}
    chosen = {user: [who for who, one in on.items() if {who, one["id_pseudonym"]} & names[user]] for user in given}
    if strange := [user for user, own in chosen.items() if not own]:
        raise LsifError(f"{len(strange)} of the users are not erased, {strange[0]!r} first: nothing was taken back")
    back = list(dict.fromkeys(who for own in chosen.values() for who in own))
    note(tables, [line(who, ds, UNDONE) for who in back])
    return back


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
    """Whose rows stay outside when they are delivered, by the tables' names and by ids; None where that is nobody."""
    users = tables.erased(ASKED, PURGED)
    if users is None:
        return None
    of_ids = {bytes.fromhex(one["id_pseudonym"]) for one in waiting(tables).values() if one["id_pseudonym"]}
    return replace(users, pseudonyms=users.pseudonyms | of_ids)


def is_erased(tables: Tables, *names: str) -> bool:
    """Whether a user is on the list, by what the tables call them or by id."""
    users = left_out(tables)
    return users is not None and any(map(users.holds, names))


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
