"""Peers are scripts that import each other from their own folder."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

PEERS = Path(__file__).resolve().parents[2] / "benchmarks" / "quality" / "peers"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """`peer("kit")` is that module."""
    monkeypatch.setattr(sys, "path", [str(PEERS), *sys.path])
    return importlib.import_module
