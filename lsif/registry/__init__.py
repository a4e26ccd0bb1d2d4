"""The model registry, and the only code that knows MLflow.

A version of the registered model `lsif` is a folder of plain files (weights as safetensors, vocabulary, settings,
metrics) under a SHA-256 manifest. Aliases say what it is used for: `champion` scores the nights, `challenger` was
trained last, `previous` was champion before.
"""

from lsif.registry.history import History, note_moves
from lsif.registry.promotion import held_back, promote, rollback
from lsif.registry.registry import ALIASES, CHALLENGER, CHAMPION, MODEL, PREVIOUS, Registry, Version

__all__ = [
    "ALIASES",
    "CHALLENGER",
    "CHAMPION",
    "MODEL",
    "PREVIOUS",
    "History",
    "Registry",
    "Version",
    "held_back",
    "note_moves",
    "promote",
    "rollback",
]
