"""Jobs run as they are, in this process: their Spark session is the tests' own."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lsif.tables import Tables
from tests.scripts import run_job

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Run = Callable[..., str]


@pytest.fixture
def run(spark: "SparkSession", home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("step", "--ds", ds, code=0)` runs `jobs/step.py` and gives what it printed."""

    def run(step: str, *arguments: str, code: int = 0) -> str:
        return run_job(monkeypatch, capsys, step, *arguments, code=code)

    return run


def deliver(home: Path, ds: str, *rows: str) -> None:
    """A day's file of the small shop: rows of id,user,item,type,time."""
    path = home / "landing" / "shop" / f"{ds}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["id,user,item,type,time", *rows]) + "\n")


def bounds(home: Path, **changes: float) -> None:
    """Set bounds in the small shop's section `checks`, its last."""
    file = home / "shop.toml"
    kept = [line for line in file.read_text().splitlines() if line.split(" =")[0] not in changes]
    file.write_text("\n".join([*kept, *(f"{name} = {value}" for name, value in changes.items())]) + "\n")


def last(tables: Tables, step: str) -> dict[str, Any]:
    """The newest line of the ledger for `step`."""
    rows: list[dict[str, Any]] = tables.read("runs").sort_by("seq").to_pylist()
    return [row for row in rows if row["step"] == step][-1]


def counts(line: dict[str, Any]) -> tuple[int, int, int, int]:
    return line["rows_in"], line["rows_out"], line["duplicates"], line["quarantined"]
