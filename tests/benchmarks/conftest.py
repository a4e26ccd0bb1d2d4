"""Peers are scripts that import each other from their own folder."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

PEERS = Path(__file__).resolve().parents[2] / "benchmarks" / "quality" / "peers"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """`peer("kit")` is that module."""
    monkeypatch.setattr(sys, "path", [str(PEERS), *sys.path])
    return importlib.import_module


def own_log(rows: list[tuple[int, int, float, int]], kind: pl.Expr) -> pl.DataFrame:
    """A log as `own_items.log` gives it, from (user, item, age, basket)."""
    frame = pl.DataFrame(rows, schema=["user", "item", "age", "basket"], orient="row")
    return frame.with_columns(kind=kind.cast(pl.UInt32))
