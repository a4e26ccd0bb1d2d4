"""The models that a night asks for: its own, and those that variants name. A day keeps what scored it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lsif.config import Settings
from lsif.experiments.served import models_asked
from lsif.registry.standing import Wanted


@dataclass(frozen=True)
class Asked:
    """One of them; `kept` is the version with which the day was scored, if it stays."""

    wanted: Wanted
    kept: str | None


def asked(
    ds: str, settings: Settings, by_hand: str | None, scored: dict[str, Any] | None, stopped: Collection[str]
) -> dict[str | None, Asked]:
    """What variants name = its model; under None the night's own.

    Args:
        by_hand: version or alias that a person asks for in the place of the night's own.
        scored: line of the ledger of the day's last scoring.
        stopped: variants whose users get the control's lists.
    """
    configured: str = settings.ranking.model
    before = str(scored["model_version"]) if scored and scored["model_version"] else None
    own = Wanted(ds, by_hand, configured, before)
    found: dict[str | None, Asked] = {None: Asked(own, own.pinned)}
    for name in models_asked(settings, stopped):
        kept = scored["inputs"].get(read_as(name)) if scored else None
        found[name] = Asked(Wanted(ds, kept or name, configured, None), kept)
    return found


def read_as(name: str | None) -> str:
    """Under which the ledger has the version among a step's inputs."""
    return "model" if name is None else f"model/{name}"
