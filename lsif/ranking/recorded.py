"""What lists are made with, as the ledger keeps it for whoever asks later."""

import json

from pydantic import TypeAdapter

from lsif.config import Ranking, Settings
from lsif.ranked_list import Lists

KEPT: dict[str, TypeAdapter] = {"lists": TypeAdapter(Lists), "ranking": TypeAdapter(Ranking)}


def recorded(settings: Settings) -> str:
    """Lists and rules as JSON."""
    return settings.model_dump_json(include=set(KEPT))


def as_recorded(settings: Settings, line: str) -> Settings:
    """The settings with the lists and the rules of then.

    Raises:
        ValidationError: what was written then is nothing that today's settings know.
    """
    told = json.loads(line)
    return settings.model_copy(update={name: of.validate_python(told[name]) for name, of in KEPT.items()})
