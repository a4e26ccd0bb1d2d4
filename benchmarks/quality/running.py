"""Run a rival in its own environment and keep what it made, until its code, its settings or the log change."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from benchmarks.quality.logs import work_folder
from benchmarks.quality.rivals import OURS, Choice, Rival
from lsif.code import code_hash
from lsif.config import load_settings, project_folder

PYTHON = "python3.11"


class Made(NamedTuple):
    """Lists of one rival at one cut, one per setting and track, and what they cost."""

    lists: pl.DataFrame
    seconds: list[float]
    peak_bytes: int
    versions: dict[str, str]


def run(rival: Rival, settings: tuple[Choice, ...], given: Path) -> Made:
    """Lists for the cut in `given`, each setting from an earlier run where nothing has changed since."""
    files = [_file(rival, choice, given) for choice in settings]
    due = [(choice, file) for choice, file in zip(settings, files, strict=True) if not file.exists()]
    if due:
        with TemporaryDirectory(dir=given) as own:  # another run on the same log may be making the same lists
            _split(_call(rival, [choice for choice, _ in due], given, Path(own)), [file for _, file in due])
    return kept(files)


def kept(files: list[Path]) -> Made:
    """Lists and costs as they lie in files, one for each setting."""
    reports = [json.loads(file.with_suffix(".json").read_text()) for file in files]
    lists = [pl.read_parquet(file).with_columns(setting=pl.lit(n, pl.Int32)) for n, file in enumerate(files)]
    seconds = [report["seconds"] for report in reports]
    return Made(pl.concat(lists), seconds, max(report["peak_bytes"] for report in reports), reports[-1]["versions"])


def _call(rival: Rival, settings: list[Choice], given: Path, folder: Path) -> Path:
    out = folder / f"{rival.name}.parquet"
    words = ["--given", str(given), "--settings", json.dumps(settings), "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(project_folder())}
    subprocess.run([interpreter(rival.requirements), str(rival.script), *words], check=True, env=environment)
    return out


def _split(out: Path, files: list[Path]) -> None:
    """One file per setting, so that a setting more tries only that one; each is there whole or not at all."""
    rows, report = pl.read_parquet(out), json.loads(out.with_suffix(".json").read_text())
    for number, file in enumerate(files):
        file.parent.mkdir(parents=True, exist_ok=True)
        made, cost = out.with_name(file.name), out.with_name(file.name).with_suffix(".json")
        cost.write_text(json.dumps({**report, "seconds": report["seconds"][number]}))
        rows.filter(pl.col("setting") == number).drop("setting").write_parquet(made)
        cost.rename(file.with_suffix(".json"))  # first: who finds the lists asks what they cost
        made.rename(file)


def _file(rival: Rival, choice: Choice, given: Path) -> Path:
    """Named by everything that the lists depend on: code, environment, setting, inputs, and our settings for ours."""
    parts = [code_hash(rival.script), json.dumps(choice, sort_keys=True), (given / "inputs.sha256").read_text()]
    if rival.requirements:
        parts.append(rival.requirements.read_text())
    if rival.name == OURS:
        parts.append(load_settings().fingerprint())
    return given / rival.name / f"{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:20]}.parquet"


def interpreter(requirements: Path | None) -> str:
    """The Python of an environment, made from its pinned file when there is none of that content yet."""
    if requirements is None:
        return sys.executable
    mark = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = work_folder() / "environments" / f"{requirements.stem}-{mark}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"installing {requirements.name} into {folder} (once)", flush=True)
        subprocess.run([PYTHON, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)
        (folder / "ready").touch()
    return str(python)


def fingerprint(given: Path) -> None:
    """Leave the identity of the peers' inputs beside them."""
    digest = hashlib.sha256()
    for name in ("events.parquet", "items.parquet", "users.parquet", "cut.json"):
        digest.update((given / name).read_bytes())
    (given / "inputs.sha256").write_text(digest.hexdigest())
