"""Another key: all that names users leaves the tables, and the past comes in anew under the new one."""

from dataclasses import dataclass
from pathlib import Path

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.privacy.key import Key, key_of, key_path, made_key
from lsif.privacy.lines import TABLE, held_keys
from lsif.privacy.scope import reached
from lsif.tables import Tables
from lsif.tables.deletion import delete_rows
from lsif.tables.erased import ASKED, ERASED, latest


@dataclass(frozen=True)
class Rotated:
    """What was done.

    Attributes:
        aside: where the key of before lies; None where there was none to replace.
        days: first and last day of events that were there; None where there were none.
        rows: taken out, by table.
    """

    key: Key
    aside: Path | None
    days: tuple[str, str] | None
    rows: dict[str, int]


def names_users() -> list[str]:
    """The tables whose rows name users, the way back last: until it is gone no job takes the tables for new ones."""
    return [*(name for name in reached("rows", "raw") if name != TABLE), TABLE]


def rotated(tables: Tables, settings: Settings) -> Rotated:
    """Give the home another key, where its tables are of the one that it has, and empty what names users.

    Whoever is cut off runs it again: a key that is not that of the tables stays, and what is left of them goes. So do
    lines of the ledger of steps that failed, since they may quote rows.

    Raises:
        LsifError: the settings do not ask for pseudonyms, the key cannot be read or made, or a purge is due.
    """
    if not settings.privacy.pseudonyms:
        raise LsifError("[privacy] pseudonyms is not true: there is no key to replace")
    if due := [who for who, status in latest(tables.read(ERASED)).items() if status == ASKED]:
        raise LsifError(
            f"{len(due)} users are erased and not purged yet, and without the tables nobody would find the delivered "
            "files that name them: `lsif erase --now` first"
        )
    path, aside = key_path(settings), None
    key = key_of(settings) if path.exists() else made_key(path)
    if key.id in held_keys(tables):
        aside = path.with_name(f"{path.name}.{key.id}")
        path.rename(aside)
        key = made_key(path)
    there = tables.days("events")
    return Rotated(key, aside, (there[0], there[-1]) if there else None, _emptied(tables))


def _emptied(tables: Tables) -> dict[str, int]:
    gone: dict[str, int] = {}
    for name in names_users():
        if days := tables.days(name):
            gone[name] = sum(tables.rows(name).values())
            tables.remove(name, days)
        tables.tidy(name, 0)
    gone["runs"] = delete_rows(tables, "runs", "status <> 'done'")
    tables.tidy("runs", 0)
    return {name: rows for name, rows in gone.items() if rows}
