"""A robot of a million events and an item that everybody has: what they do to Spark's tasks and to arrays.

    python -m benchmarks.interests.skew --scale 0.05

The same log is worked on with them and without. Longest task over median task and bytes spilled come from Spark's event
log. Bytes spilled are of memory and disk.
"""

import argparse
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.interests import log
from benchmarks.interests.__main__ import Bench
from benchmarks.quality.logs import work_folder

LEAST_MS = 200
"""Stages whose longest task is shorter are left out: their ratio is noise."""


@dataclass
class Stage:
    """Run times of a stage's tasks (ms), and bytes spilled."""

    name: str
    tasks: list[int] = field(default_factory=list)
    spilled: int = 0


def stages(folder: Path) -> list[Stage]:
    found: dict[tuple[str, int], Stage] = {}
    names: dict[int, str] = defaultdict(str)
    for event in _events(folder):
        if event["Event"] == "SparkListenerJobStart":
            job = event["Properties"].get("spark.job.description", "ingest")
            names |= dict.fromkeys(event["Stage IDs"], "" if job.startswith("Listing") else job)
        if event["Event"] == "SparkListenerTaskEnd" and "Task Metrics" in event:
            number, metrics = event["Stage ID"], event["Task Metrics"]
            stage = found.setdefault((str(folder), number), Stage(names[number]))
            stage.tasks.append(metrics["Executor Run Time"])
            stage.spilled += metrics["Memory Bytes Spilled"] + metrics["Disk Bytes Spilled"]
    return list(found.values())


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.endswith(".crc")):
        if "appstatus" not in file.name:
            yield from map(json.loads, file.read_text().splitlines())


def summary(found: list[Stage]) -> dict[str, dict[str, float]]:
    """Of each step: the worst ratio of its stages, its longest task, and all it spilled."""
    steps: dict[str, dict[str, float]] = {}
    for stage in (stage for stage in found if stage.name):
        step = steps.setdefault(stage.name, {"longest over median": 1.0, "longest ms": 0, "spilled": 0})
        step["spilled"] += stage.spilled
        step["longest ms"] = max(step["longest ms"], *stage.tasks)
        if len(stage.tasks) > 1 and max(stage.tasks) >= LEAST_MS:
            ratio = max(stage.tasks) / max(median(stage.tasks), 1)
            step["longest over median"] = max(step["longest over median"], ratio)
    return steps


def measure(home: Path, shop: log.Shop, days: int) -> dict[str, Any]:
    bench = Bench(home, shop, days)
    found: dict[str, Any] = {}
    for work in ("past", "frames", "scratch"):
        events = home / f"log-{work}"
        shutil.rmtree(events, ignore_errors=True)
        events.mkdir()
        conf = f"spark.eventLog.enabled=true spark.eventLog.compress=false spark.eventLog.dir=file://{events}"
        row = bench.ours(work, f"{log.day(0)},{log.day(days - 1)}", LSIF_SPARK_CONF=conf)
        found[work] = {"cpu": row["steps"], "peak": row["peak"], "tasks": summary(stages(events))}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.25)
    parser.add_argument("--days", type=int, default=log.DAYS)
    parser.add_argument("--out", type=Path, default=Path("docs/skew.json"))
    options = parser.parse_args()
    work = work_folder() / "interests"
    found = {
        name: measure(work / f"{name}-{options.scale}", log.Shop(options.scale, skewed), options.days)
        for name, skewed in {"plain": False, "skewed": True}.items()
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"scale": options.scale, "days": options.days, **found}, indent=1) + "\n")
    for name, works in found.items():
        for did, row in works.items():
            print(name, did, {step: sum(cpu) for step, cpu in row["cpu"].items()}, f"{row['peak'] / 1e9:.2f} GB")
            for step, tasks in row["tasks"].items():
                print("   ", step, {key: round(value, 1) for key, value in tasks.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
