"""Where erased users are: their ids, and what holds them, file by file, before anything of it is taken away."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.interests.quarantine import USERS
from lsif.privacy.erasure_key import pseudonym
from lsif.privacy.mentions import named
from lsif.privacy.scope import SCOPES, reached
from lsif.tables import Tables
from lsif.tables.erased import USER, Hidden
from lsif.tables.purging import Purging

UserFields = Mapping[str, Collection[str]]
"""Source of rejected rows = fields of a delivered row that hold its user."""


@dataclass
class Found:
    """What was found of users who are erased.

    Attributes:
        ids: of those who are somewhere, pseudonym = id.
        rows: pseudonym = table = rows that readers could see.
        files: the same of data files, also of those that readers do not see any more.
        days: pseudonym = days on which something of theirs arrived.
        held: table = its data files that hold one of them, relative to it.
        broken: data files that could not be read, by a writer that was killed or is at it.
    """

    ids: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    files: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    days: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    held: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    broken: list[str] = field(default_factory=list)

    def add(self, table: str, path: str, ds: str | None, counts: Mapping[str, int], seen: bool, key: bytes) -> None:
        """Counts of rows by id, of one file."""
        for user, rows in counts.items():
            who = pseudonym(key, user)
            self.ids[who] = user
            self.files[who][table] += 1
            self.rows[who][table] += rows * seen
            if ds and seen and table in ("events", "quarantine"):
                self.days[who].add(ds)
            self.held[table].add(path)


def look(tables: Tables, users: Hidden, settings: Settings) -> Found:
    """Look for erased users in every data file of every table that may hold rows of theirs, seen or not."""
    found, fields = Found(), user_fields(settings)
    for name in reached("rows", "raw"):
        purging = Purging(tables, name)
        seen = {file.path: file.ds for file in purging.seen()}
        for path in purging.stored():
            try:
                counts = counted(purging, path, users, fields)
            except pa.ArrowInvalid:
                found.broken.append(f"{name}/{path}")
                continue
            found.add(name, path, seen.get(path), counts, path in seen, users.key)
    return found


def counted(purging: Purging, path: str, users: Hidden, fields: UserFields) -> dict[str, int]:
    """Rows of erased users in a data file, by id."""
    if SCOPES[purging.name].reach == "raw":
        return dict(Counter(user for row in _rejected(purging, path) for user in _of(row, users, fields)))
    of_each = pc.value_counts(purging.column(path, USER).combine_chunks())
    rows = dict(zip(of_each.field("values").to_pylist(), of_each.field("counts").to_pylist(), strict=True))
    return {user: rows[user] for user in users.among(pa.array(list(rows), pa.string()))}


def _rejected(purging: Purging, path: str) -> Iterator[tuple[str | None, str | None]]:
    yield from zip(*(purging.column(path, name).to_pylist() for name in ("source", "raw")), strict=True)


def _of(row: tuple[str | None, str | None], users: Hidden, fields: UserFields) -> list[str]:
    source, raw = row
    return [user for user in named(raw or "", fields.get(source or "", ())) if users.holds(user)]


def user_fields(settings: Settings) -> dict[str, Collection[str]]:
    """Of every source and of the list of users."""
    found: dict[str, Collection[str]] = {
        name: tuple(source.given.get(USER, ())) for name, source in settings.sources.items()
    }
    return found | ({USERS: tuple(settings.users.given.get(USER, ()))} if settings.users else {})


def without_rejected(rows: pa.RecordBatch, users: Hidden, fields: UserFields) -> pa.RecordBatch:
    """Rejected rows that name none of the users."""
    pairs = zip(rows["source"].to_pylist(), rows["raw"].to_pylist(), strict=True)
    return rows.filter(pa.array([not _of(row, users, fields) for row in pairs], pa.bool_()))
