"""One move of the champion: what moved before it, the move, the line that tells of it, and who stands in the end."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from lsif.registry.history import History, note_moves
from lsif.registry.promotion import lost_to, rollback, rolled_back_by
from lsif.registry.registry import CHAMPION, PREVIOUS, Registry
from lsif.tables import Tables


@dataclass(frozen=True)
class Told:
    """What `alias_history` will say of a move: who, on which day, why."""

    who: str
    ds: str
    reason: str | None = None


def move(registry: Registry, tables: Tables, told: Told, how: Callable[[History], str]) -> str:
    """Move the champion by `how`, which is given the history, and tell of it; returns what `how` says.

    MLflow has no compare-and-swap: of two moves in the same moment the last one stands, both are told of, and the other
    one ends as superseded.

    Raises:
        Superseded: another move stands.
        LsifError: of `how`.
    """
    said = how(note_moves(registry, tables, told.ds))
    mine = registry.moved.get(CHAMPION)
    note_moves(registry, tables, told.ds, told.who, told.reason)
    if mine and (stands := registry.aliases().get(CHAMPION)) != mine:
        raise lost_to(mine, stands)
    return said


def rollback_once(registry: Registry, tables: Tables, ds: str, reason: str | None, before: Sequence[str]) -> str:
    """`rollback`; where a try of `ds` made it and could not tell, only what that one left undone.

    Raises:
        LsifError: of `rollback`.
    """
    if (begun := rolled_back_by(registry, ds)) and not _is_told(tables, ds, *begun):
        registry.point(PREVIOUS, begun[0])
        return f"version {begun[1]} is champion again, version {begun[0]} is previous: a try before had moved them"
    return rollback(registry, ds, reason, before)


def _is_told(tables: Tables, ds: str, wrong: str, champion: str) -> bool:
    """Whether the ledger has that rollback, or the retry of it: else it is ours to tell, and not to be undone."""
    done = (pc.field("step") == "move_alias") & (pc.field("status") == "done") & (pc.field("ds") == ds)
    rows = tables.read("runs", columns=["inputs", "model_version"], filter=done).to_pylist()
    told = [(json.loads(row["inputs"]), row["model_version"]) for row in rows]
    return any(of["action"] == "rollback" and of.get(CHAMPION) in (wrong, to) and to == champion for of, to in told)
