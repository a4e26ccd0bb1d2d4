"""What every peer is asked for: the features of LSIF's tables, from the same event files, in files of its own choice.

    python -m benchmarks.interests.peers.by_duckdb --task task.json --out FOLDER

Each peer writes one Parquet file (or folder) a feature into FOLDER, without any order:

| name         | one row per        | columns                                                               |
|--------------|--------------------|-----------------------------------------------------------------------|
| histories    | user and item      | user_id, item_id, n, weights, first_day, last_days                      |
| categories   | user and category  | user_id, category, n, weights                                           |
| windows      | user               | user_id, events: the last (item_id, event_type, event_time), oldest first |
| user_days    | user and arrival   | ds, user_id, events, baskets                                            |
| item_days    | item and arrival   | ds, item_id, events, baskets, buyers, weight                            |

None of them checks its rows, looks for duplicates or keeps anything that would make the next day cheaper.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.interests.steps import Steps


@dataclass(frozen=True)
class Task:
    """`ds` is the day as of which; files of events lie in folders `ds=<arrival>`, `items` is one file."""

    events: list[str]
    items: str
    ds: str
    half_lives_days: list[float]
    last_days: int
    recent_days: int
    window_events: int

    def small(self) -> "Task":
        """The same for one day of events, to warm up."""
        first = min(file.split("ds=")[1][:10] for file in self.events)
        return replace(self, events=[file for file in self.events if f"ds={first}" in file])


def serve(start: Callable[[], Callable[[Task, Path], None]]) -> None:
    """Start an engine, let it work on a little, then on all; tell the CPU seconds of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    task, steps = Task(**json.loads(options.task.read_text())), Steps()
    for name in ("warm", "all"):
        (options.out / name).mkdir(parents=True)
    with steps("start"):
        work = start()
    with steps("warm-up"):
        work(task.small(), options.out / "warm")
    with steps("all"):
        work(task, options.out / "all")
    steps.write(options.out / "steps.json")
