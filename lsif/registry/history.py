"""Every move of an alias: MLflow knows only where each points now, so a table keeps where it pointed, and who moved it.

Moves that nobody told us of (on MLflow's page, by its API, by deleting a version) are noticed by comparing.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa

from lsif.errors import Superseded
from lsif.registry.promotion import back_from, roll_back
from lsif.registry.registry import CHALLENGER, CHAMPION, PREVIOUS, Registry, Version
from lsif.tables import Tables

ELSEWHERE = "somebody in MLflow"
TRIES = 20


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
        return self.numbers(CHAMPION)

    def numbers(self, alias: str) -> list[str]:
        """Those that an alias named, the newest first, each once."""
        found = [row["to_version"] for row in reversed(self.rows) if row["alias"] == alias and row["to_version"]]
        return list(dict.fromkeys(found))

    def moved(self, now: Mapping[str, str], own: Mapping[str, str] | None = None) -> list[dict[str, str | None]]:
        """Moves that are not told of: alias, from_version, to_version.

        Args:
            own: where whoever asks has pointed aliases. Such a move is told of also where another one has hidden it,
                and that one's own too, by whoever made it: here, unless its row came before this one could.
        """
        known, own, found = self.aliases(), own or {}, []
        for alias in sorted(known.keys() | now.keys() | own.keys()):
            line = [now.get(alias)]
            if (mine := own.get(alias, line[0])) != line[0]:
                line = [mine] if known.get(alias) != line[0] else [mine, line[0]]
            for before, after in pairwise([known.get(alias), *line]):
                if before != after:
                    found.append({"alias": alias, "from_version": before, "to_version": after})
        return found

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
    found, now = _noted(registry, tables, there, {"who": who, "ds": ds, "reason": reason})
    if who == ELSEWHERE and _followed(registry, history, there, now, ds):
        told = {"who": "lsif", "ds": ds, "reason": "previous follows the champion"}
        found, _ = _noted(registry, tables, there, told)
    return found


def _noted(
    registry: Registry, tables: Tables, there: Mapping[str, Version], told: dict[str, Any]
) -> tuple[History, dict[str, str]]:
    """The history with what it did not know, and the aliases then.

    Raises:
        Superseded: other moves were told of again and again in between.
    """
    now, history = registry.aliases(), History.read(tables)
    for _ in range(TRIES):
        if not history.moved(now, registry.moved):
            registry.moved.clear()
            return history, now
        writer = tables.writer("alias_history")  # before the look: a row that comes after it is not missed
        now, history = registry.aliases(), History.read(tables)
        if not (rows := _rows(history, now, registry.moved, there, told)):
            continue
        writer.write(None, pa.Table.from_pylist(rows, tables.schema("alias_history")))
        try:
            writer.append(first=True)
        except Superseded:
            continue
        registry.moved.clear()
        return History((*history.rows, *rows)), now
    raise Superseded(f"alias_history: {TRIES} moves of others came first; run the step again")


def _rows(
    history: History,
    now: Mapping[str, str],
    own: Mapping[str, str],
    there: Mapping[str, Version],
    told: dict[str, Any],
) -> list[dict[str, Any]]:
    seq = max((row["seq"] for row in history.rows), default=0)
    rows = []
    for place, move in enumerate(history.moved(now, own), start=1):
        version = there.get(move["to_version"] or "")
        words = dict(told)
        if told["who"] == ELSEWHERE and (ours := of_ours(history, there, move["alias"] or "", move["to_version"])):
            words["who"] = ours
            words["reason"] = version.tags.get("decision_reason") if version and move["alias"] == CHAMPION else None
        rows.append({"seq": seq + place, **move, "made_of": _made_of(version), **words})
    return rows


def of_ours(history: History, there: Mapping[str, Version], alias: str, number: str | None) -> str | None:
    """Who moved an alias to a version and did not tell, or not yet; None where nothing of ours did."""
    version, known = there.get(number or ""), history.aliases().get(CHAMPION, "")
    if version is None:
        return None
    tags, is_new, who = version.tags, version.number not in history.numbers(alias), None
    if alias == CHALLENGER and is_new and "training" in tags:
        who = f"a training for {tags.get('ds')}"
    elif alias == CHAMPION and is_new and tags.get("decision") == "promoted":
        who = f"a promotion of {tags.get('decision_ds')}"
    elif alias == CHAMPION and known in there and there[known].rolled_back and back_from(version) == known:
        who = f"a rollback of {tags.get('decision_ds')}"
    elif alias == PREVIOUS and version.number == known:
        who = "a move of the champion"
    return f"{who}, cut short or under way" if who else None


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
    is_back = new in history.champions() or int(new) < int(old)
    if is_back and of_ours(history, there, CHAMPION, new) is None:
        roll_back(registry, there[old], ds, f"{ELSEWHERE} made version {new} champion")
    if now.get(PREVIOUS) != known.get(PREVIOUS):
        return False
    registry.point(PREVIOUS, old)
    return True
