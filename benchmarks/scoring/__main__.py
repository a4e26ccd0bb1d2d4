"""Lists for many users: LSIF beside RecTools' rankers, one after the other, on the same machine.

    python -m benchmarks.scoring                    # a million users of ours, 50,000 of RecTools' and of ours
    python -m benchmarks.scoring --users 100000

RecTools runs in an environment of its own, made the first time (see docs/quality.md). Items 10,000, width 128, 20 rows
each. RecTools' rankers multiply, select and name ids. So does LSIF's "ids", which adds all that its score is made of
and ranks in float64; "rows" is the night's whole work, with parts, shares and hashes, into a table. RecTools runs
with one thread and with two. The bare products, by the torch that both use, say what is left to win.
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
    ours = [sys.executable, "-m", "benchmarks.scoring.ours"]
    theirs = [interpreter(RECTOOLS), str(HERE / "rectools_ranker.py")]
    found = {
        "LSIF, ids": _run(ours, "ids", SAME),
        "LSIF, rows": _run(ours, "rows", SAME),
        **{f"RecTools, {name} ({n})": _run(theirs, name, SAME, n) for name in ("torch", "implicit") for n in (2, 1)},
        **{f"product, {kind}": _run(ours, kind, SAME) for kind in ("float32", "bfloat16")},
        "LSIF, rows of all": _run(ours, "rows", options.users),
    }
    _show(found)
    file = work_folder() / "results" / "scoring.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1))


def _run(command: list[str], what: str, users: int, threads: int = 2) -> dict[str, Any]:
    out = work_folder() / "scoring.part.json"
    words = ["--what", what, "--users", str(users), "--threads", str(threads), "--out", str(out)]
    print(f"{command[-1]} {' '.join(words[:-2])}", flush=True)
    environment = {**os.environ, "PYTHONPATH": str(project_folder())}
    subprocess.run([*command, *words], check=True, env=environment)
    return json.loads(out.read_text())


def _show(found: dict[str, Any]) -> None:
    table = Table("list", "users", "threads", "wall s", "CPU s", "users a CPU second", "peak GB", box=SIMPLE)
    for name, row in found.items():
        numbers = (
            f"{row['users']:,}",
            f"{row['threads']}",
            f"{row['seconds']:.1f}",
            f"{row['cpu_seconds']:.1f}",
            f"{row['users'] / row['cpu_seconds']:,.0f}",
            f"{row['peak_bytes'] / 1e9:.2f}",
        )
        table.add_row(name, *numbers)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
