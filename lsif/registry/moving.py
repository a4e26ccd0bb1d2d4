"""One move of the champion: what moved before it, the move, the line that tells of it, and who stands in the end."""

from collections.abc import Callable
from dataclasses import dataclass

from lsif.registry.history import History, note_moves
from lsif.registry.promotion import lost_to
from lsif.registry.registry import CHAMPION, Registry
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
