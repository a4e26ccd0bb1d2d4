"""Lists for many users: LSIF beside RecTools' rankers, one after the other, on the same machine.

    python -m benchmarks.scoring                    # a million users of ours, 50,000 of RecTools' and of ours
    python -m benchmarks.scoring --users 100000

RecTools runs in an environment of its own, made the first time (see docs/quality.md). Items 10,000, width 128, 20 rows
each, two threads. RecTools multiplies and selects; LSIF adds what its score is made of, ranks in float64, and writes
rows with parts, shares and ids.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.quality.logs import work_folder
from benchmarks.quality.running import interpreter
from lsif.config import project_folder

HERE = Path(__file__).parent
RECTOOLS = project_folder() / "benchmarks" / "quality" / "peers" / "rectools.txt"
SAME = 50_000
"""Users at which both are timed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000, help="users of LSIF's long run")
    options = parser.parse_args()
    python = interpreter(RECTOOLS)
    found = {"LSIF": _run([sys.executable, "-m", "benchmarks.scoring.ours"], SAME)}
    peers = _run([python, str(HERE / "rectools_ranker.py")], SAME)
    found |= {f"RecTools, {name}": row for name, row in peers.items()}
    found |= {"LSIF, all users": _run([sys.executable, "-m", "benchmarks.scoring.ours"], options.users)}
    _show(found)
    file = work_folder() / "results" / "scoring.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1))


def _run(command: list[str], users: int) -> dict[str, Any]:
    out = work_folder() / "scoring.part.json"
    print(f"{users:,} users: {' '.join(command[-1:])}", flush=True)
    environment = {**os.environ, "PYTHONPATH": str(project_folder())}
    subprocess.run([*command, "--users", str(users), "--out", str(out)], check=True, env=environment)
    return json.loads(out.read_text())


def _show(found: dict[str, Any]) -> None:
    table = Table("list", "users", "wall s", "CPU s", "users a CPU second", "peak GB", box=SIMPLE)
    for name, row in found.items():
        rate = row["users"] / row["cpu_seconds"]
        numbers = (
            f"{row['seconds']:.1f}",
            f"{row['cpu_seconds']:.1f}",
            f"{rate:,.0f}",
            f"{row['peak_bytes'] / 1e9:.2f}",
        )
        table.add_row(name, f"{row['users']:,}", *numbers)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
