"""The benchmark of histories and windows, tiny: peers that agree with LSIF, and costs that add up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.interests import log

PROJECT = Path(__file__).resolve().parents[2]
SPIN = "import time\nwhile time.process_time() < 1: pass"
ORPHAN = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SPIN!r}])"
MEASURE = "import os, sys; from benchmarks.interests.measure import measured; "


def python(*words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, *words], env=environment, check=True, capture_output=True, text=True, cwd=PROJECT
    ).stdout


def test_the_log_is_a_function_of_its_seed() -> None:
    shop = log.Shop(0.01)
    day = log.day_of_events(shop, log.day(1))
    assert day.equals(log.day_of_events(shop, log.day(1)))
    assert not day["item"].equals(log.day_of_events(shop, log.day(2))["item"])
    assert len(day) == shop.events == 2_222
    robot = log.day_of_events(log.Shop(0.01, skewed=True), log.day(1)).to_pandas()["user"].value_counts()
    assert robot.index[0] == f"u{shop.users}"
    assert robot.iloc[0] == 11_111


def test_a_process_that_outlives_its_parent_is_counted(tmp_path: Path) -> None:
    said = python("-c", f"{MEASURE}print(measured([sys.executable, '-c', {ORPHAN!r}], dict(os.environ)).cpu)")
    assert 1.0 <= float(said) < 5.0


@pytest.mark.timeout(900)  # seven JVMs; one and a half minutes on two idle cores
def test_peers_have_the_same_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSIF_BENCH_WORK", str(tmp_path))
    size = ["--scale", "0.0005", "--days", "3", "--curve-scale", "0.0005", "--history", "2,8"]
    python("-m", "benchmarks.interests", *size, "--out", str(tmp_path))
    found = json.loads((tmp_path / "interests.json").read_text())
    for peer in ("PySpark by hand", "DuckDB", "Polars"):
        assert set(found["different"][peer]) == {"histories", "categories", "windows", "user_days", "item_days"}
        assert all(not bad and rows > 30 for bad, rows in found["different"][peer].values()), peer
    assert all(row["cpu"] > 0 and row["peak"] > 0 and row["read"] > 0 for row in found["rows"].values())
    assert (tmp_path / "interests.svg").read_text().startswith("<?xml")
