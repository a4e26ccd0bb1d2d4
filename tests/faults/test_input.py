"""Malformed rows and damaged files: every row is somewhere, a bad file is one line, and no fault of ours is shown."""

import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lsif.config import load_settings
from lsif.tables import Tables
from tests.faults.malformed import DS, FILES, FORMATS, KEYS, STEPS, config, delivered, good, parquet, place
from tests.faults.tally import Tally
from tests.jobs.conftest import counts, last
from tests.scripts import JOBS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Ended = Callable[[str], tuple[int, str]]
TABLES_OF = {"events": "events", "catalogue": "items", "users": "users"}
DOORS = [(door, kind) for door in KEYS for kind in FORMATS]
ODD = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=30), min_size=20)
ROUNDS = settings(
    max_examples=2, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def ended(spark: "SparkSession", home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a job for `DS` in this process: its exit code, and what it said."""

    def run(step: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", [str(JOBS / f"{step}.py"), "--ds", DS, "--force"])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(sys.argv[0], run_name="__main__")
        return int(end.value.code or 0), "".join(capsys.readouterr())

    return run


def lay(home: Path, door: str, kind: str, content: bytes) -> None:
    (home / "shop.toml").write_text(config(door, kind))
    file = place(home, door, kind)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def stored() -> Tables:
    return Tables(load_settings().tables)


def accounted(door: str, rows: int, tally: Tally, scenario: str) -> None:
    """Every row is in the table, a duplicate or in quarantine, as the ledger says and as the tables hold."""
    tables, step = stored(), STEPS[door]
    rows_in, rows_out, duplicates, quarantined = counts(last(tables, step))
    name = TABLES_OF[door]
    there = tables.read(name, [DS])
    rejects = tables.read("quarantine", [DS]).num_rows
    keys = list(zip(*(there[key].to_pylist() for key in tables.schema(name).names[:1]), strict=True))
    missing = rows_in != rows or rows_in > rows_out + duplicates + quarantined
    partial = (there.num_rows, rejects) != (rows_out, quarantined)
    tally.add(scenario, partial, missing, rows_in < rows_out + duplicates + quarantined or len(set(keys)) < len(keys))


def rounds(door: str, kind: str, count: int, home: Path, ended: Ended, tally: Tally) -> set[str]:
    """Files of so many rows, drawn; gives the classes that were in them."""
    used: set[str] = set()

    @ROUNDS
    @given(texts=ODD, seed=st.integers(0, 99))
    def one(texts: list[str], seed: int) -> None:
        content, rows, classes = delivered(door, kind, count, texts, Random(seed))
        lay(home, door, kind, content)
        code, said = ended(STEPS[door])
        assert code == 0, said
        accounted(door, rows, tally, f"files of {count:,} malformed rows")
        used.update(classes)

    one()
    return used


def test_a_malformed_row_is_somewhere(ended: Ended, home: Path, tally: Tally) -> None:
    used = rounds("events", "csv", 300, home, ended, tally)
    assert len(used) >= 40


@pytest.mark.long
@pytest.mark.parametrize(("door", "kind"), DOORS)
def test_every_one_of_thousands_of_malformed_rows_is_somewhere(
    door: str, kind: str, ended: Ended, home: Path, tally: Tally
) -> None:
    used = rounds(door, kind, 1500, home, ended, tally)
    assert len(used) >= (38 if kind == "parquet" else 50)


def damaged(door: str, kind: str, ways: list[str], home: Path, ended: Ended, tally: Tally) -> None:
    """A bad file is one line, and what was there stays; or it is read after all, to the row."""
    content = delivered(door, kind, 40, [], Random(0))[0]
    if kind == "parquet":
        content = parquet(door, [good(door, number) for number in range(40)])
    lay(home, door, kind, content)
    step, name, file = STEPS[door], TABLES_OF[door], place(home, door, kind)
    assert ended(step)[0] == 0
    wrong: list[tuple[str, int, str]] = []
    for how in ways:
        before = stored().content_hash(name, DS)
        file.write_bytes(FILES[how](content))
        code, said = ended(step)
        lines = said.strip().splitlines()
        told = [line for line in lines if line.startswith(f"{step}.py: ")]
        one_line = code == 2 and told == lines[-1:] and re.search(f"{re.escape(str(file))}|{DS}|{door}|shop", told[0])
        if "Traceback" in said or not (code == 0 or one_line):
            wrong.append((how, code, said[-1500:]))
        tally.add("damaged files", partial=code == 2 and stored().content_hash(name, DS) != before)
    assert not wrong


def test_a_damaged_file_is_one_line(ended: Ended, home: Path, tally: Tally) -> None:
    damaged("catalogue", "parquet", ["half of it", "nothing at all"], home, ended, tally)


@pytest.mark.long
@pytest.mark.parametrize(("door", "kind"), DOORS)
def test_any_damaged_file_is_one_line(door: str, kind: str, ended: Ended, home: Path, tally: Tally) -> None:
    damaged(door, kind, list(FILES), home, ended, tally)
