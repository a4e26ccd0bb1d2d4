"""Every move of an alias: MLflow knows only where each points now, so a table keeps where it pointed, and who moved it.

Moves that nobody told us of (on MLflow's page, by its API, by deleting a version) are noticed by comparing.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lsif.registry.promotion import roll_back
from lsif.registry.registry import CHAMPION, PREVIOUS, Registry, Version
from lsif.tables import Tables

ELSEWHERE = "somebody in MLflow"


@dataclass(frozen=True)
class History:
    """Rows of the table `alias_history`, oldest first."""

    rows: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, tables: Tables) -> "History":
        return cls(tuple(tables.read("alias_history").sort_by([("seq", "ascending")]).to_pylist()))

    def aliases(self) -> dict[str, str]:
        """Where each alias pointed when it was last looked at."""
        pointed = {row["alias"]: row["to_version"] for row in self.rows}
        return {alias: number for alias, number in pointed.items() if number}

    def champions(self) -> list[str]:
        """Numbers that were champion, the newest first, each once."""
        found = [row["to_version"] for row in reversed(self.rows) if row["alias"] == CHAMPION and row["to_version"]]
        return list(dict.fromkeys(found))

    def moved(self, now: Mapping[str, str]) -> list[dict[str, str | None]]:
        """Aliases that point elsewhere by now: alias, from_version, to_version."""
        known = self.aliases()
        moved = sorted(alias for alias in known.keys() | now.keys() if known.get(alias) != now.get(alias))
        return [{"alias": a, "from_version": known.get(a), "to_version": now.get(a)} for a in moved]

    def lost(self, there: Container[str]) -> dict[str, str]:
        """What was registered and is deleted: what it was made of → its number."""
        return {r["made_of"]: r["to_version"] for r in self.rows if r["made_of"] and r["to_version"] not in there}


def note_moves(registry: Registry, tables: Tables, ds: str, who: str = ELSEWHERE, reason: str | None = None) -> History:
    """Write every move since the last look into the history; returns it.

    Where a champion was replaced elsewhere, `previous` follows, so that a rollback goes to what was in force before;
    and if a version that is older or was champion before took its place, that was a rollback, and counts as one.

    Args:
        ds: day of the move, or the one on which it is noticed.
        who: of the moves; call it without before a move of one's own, and with it after.
    """
    history = History.read(tables)
    there = {version.number: version for version in registry.versions()}
    now = registry.aliases()
    found = _append(tables, history, there, now, {"who": who, "ds": ds, "reason": reason})
    if who == ELSEWHERE and _followed(registry, history, there, now, ds):
        told = {"who": "lsif", "ds": ds, "reason": "previous follows the champion"}
        found = _append(tables, found, there, registry.aliases(), told)
    return found


def _append(
    tables: Tables, history: History, there: Mapping[str, Version], now: Mapping[str, str], told: dict[str, Any]
) -> History:
    moved = history.moved(now)
    if not moved:
        return history
    seq = max((row["seq"] for row in history.rows), default=0)
    rows = [
        {"seq": seq + place, **move, "made_of": _made_of(there.get(move["to_version"] or "")), **told}
        for place, move in enumerate(moved, start=1)
    ]
    tables.append("alias_history", pa.Table.from_pylist(rows, tables.schema("alias_history")))
    return History((*history.rows, *rows))


def _made_of(version: Version | None) -> str | None:
    return version.made_of if version else None


def _followed(
    registry: Registry, history: History, there: Mapping[str, Version], now: Mapping[str, str], ds: str
) -> bool:
    """What a move of the champion elsewhere means for the version it left, and for `previous`: whether that moved."""
    known = history.aliases()
    old, new = known.get(CHAMPION), now.get(CHAMPION)
    if not old or not new or old == new or old not in there:
        return False
    if new in history.champions() or int(new) < int(old):
        roll_back(registry, there[old], ds, f"{ELSEWHERE} made version {new} champion")
    if now.get(PREVIOUS) != known.get(PREVIOUS):
        return False
    registry.point(PREVIOUS, old)
    return True
