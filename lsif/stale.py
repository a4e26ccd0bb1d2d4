"""What the ledger says is out of date: steps that read something which has other rows now, and all that follows."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.tables import Tables

Step = tuple[str, str]
"""Name and `ds`."""
Run = Callable[[str], object]
"""Runs one day."""
TRAINING_STEPS = ("training_cutoffs", "train", "gate")
"""The others are a night's."""


@dataclass(frozen=True)
class Stale:
    """A step whose last run would come to something else today, or might; `because` names an input or a step."""

    step: str
    ds: str
    because: str


def no_longer_made(settings: Settings) -> set[str]:
    """Steps that these settings have no task for: what they once made is nobody's to make again."""
    return {"item_lists"} if settings.item_lists is None else set()


def stale_steps(tables: Tables, gone: Collection[str] = ()) -> list[Stale]:
    """Every stale step, ascending by day, and within a day as they ran.

    A step is stale when a day of a table that it read has other files now: a commit of equal rows keeps the old ones.
    So is whatever read what a stale step wrote for that day or a later one: no row depends on what arrived after its
    day. A day that retention has removed makes nothing stale.

    Args:
        gone: steps that are never stale.
    """
    lines = {step: line for step, line in _last_runs(tables).items() if step[0] not in gone}
    now = tables.current({name for line in lines.values() for name in line["inputs"]})
    because: dict[Step, str] = {}
    waiting: list[tuple[Step, str]] = []
    for step, line in lines.items():
        if changed := sorted(name for name, mark in line["inputs"].items() if now.get(name) not in (None, "", mark)):
            because[step] = changed[0] + (f" and {len(changed) - 1} more" if len(changed) > 1 else "")
            waiting.append((step, min(map(_day, changed))))
    for step, follower in _following(lines, waiting):
        because.setdefault(follower, f"follows {' '.join(step)}")
    order = {step: place for place, step in enumerate(lines)}
    return [Stale(*step, because[step]) for step in sorted(because, key=lambda step: (step[1], order[step]))]


def cascade(tables: Tables, run_night: Run, run_training: Run, gone: Collection[str] = ()) -> int:
    """Re-make what is stale and nothing else, oldest day first, a day's night before its training; returns the runs.

    After each run the ledger is asked again: where rows came out as they were, what follows is stale no longer.

    Raises:
        LsifError: a day is stale although it has just been run.
    """
    done: set[tuple[str, bool]] = set()
    while found := stale_steps(tables, gone):
        ds, is_training = run = min((one.ds, one.step in TRAINING_STEPS) for one in found)
        if run in done:
            still = ", ".join(one.step for one in found if one.ds == ds)
            raise LsifError(f"ds={ds} was run and is still stale ({still}): see `lsif stale`")
        (run_training if is_training else run_night)(ds)
        done.add(run)
    return len(done)


def last_lines(tables: Tables, columns: Sequence[str] | None = None) -> dict[Step, dict[str, Any]]:
    """The last line of each step and day that ended well, in the order they were written."""
    rows = tables.read("runs", columns=columns, filter=pc.field("status") == "done").sort_by("seq").to_pylist()
    lines: dict[Step, dict[str, Any]] = {}
    for row in rows:
        lines.pop((row["step"], row["ds"]), None)
        lines[row["step"], row["ds"]] = row
    return lines


def _last_runs(tables: Tables) -> dict[Step, dict[str, Any]]:
    """What each step read and wrote, when it last ended well."""
    lines = last_lines(tables, ["seq", "step", "ds", "inputs", "outputs"])
    return {step: {part: json.loads(row[part]) for part in ("inputs", "outputs")} for step, row in lines.items()}


def _following(lines: dict[Step, dict[str, Any]], waiting: list[tuple[Step, str]]) -> Iterator[tuple[Step, Step]]:
    """Pairs of a step and one that read what it was the last to write.

    Args:
        waiting: steps, each with the first day that may have changed for it.
    """
    writer = {name: step for step, line in lines.items() for name in line["outputs"]}
    readers: dict[str, list[Step]] = defaultdict(list)
    for step, line in lines.items():
        for name in line["inputs"]:
            readers[name].append(step)
    since: dict[Step, str] = {}
    while waiting:
        step, first = waiting.pop()
        if first >= since.get(step, "9999"):
            continue
        since[step] = first
        for name in lines[step]["outputs"]:
            if writer[name] == step and _day(name) >= first:
                yield from ((step, reader) for reader in readers[name] if reader != step)
                waiting += [(reader, _day(name)) for reader in readers[name] if reader != step]


def _day(name: str) -> str:
    return name.rpartition("/")[2]
