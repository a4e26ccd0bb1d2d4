"""What was measured at each number of users: a table for people, JSON, and the curve as a picture."""

import argparse
import json
from typing import Any

from matplotlib import colormaps
from matplotlib.figure import Figure
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.about import about

SCORED = "score_users"


def show(users: int, found: dict[str, Any]) -> None:
    title = f"{users:,} users, {found['events']:,} events"
    names = ("step", "CPU s", "wall s", "peak GB", "anonymous GB", "read GB", "written GB")
    table = Table(*names, title=title, box=SIMPLE)
    for name, cost in found["steps"].items():
        sizes = [f"{cost[size] / 1e9:.2f}" for size in ("peak", "anonymous", "read", "written")]
        table.add_row(name, f"{cost['cpu']:.1f}", f"{cost['wall']:.0f}", *sizes)
    Console(width=110).print(table)


def write(found: dict[str, Any], options: argparse.Namespace) -> None:
    """`scale.json` and `scale.svg`."""
    measured = {users: {"events": at["events"], "steps": at["steps"]} for users, at in found.items()}
    content = {**about(), "items": options.items, "one_list": options.one_list, "users": measured}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "scale.json").write_text(json.dumps(content, indent=1) + "\n")
    picture(found).savefig(options.out / "scale.svg", metadata={"Date": None})


def picture(found: dict[str, Any]) -> Figure:
    """CPU seconds and peak memory of each step over the number of users."""
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    panels = figure.subplots(1, 2)
    sizes_ascend = sorted(found.items(), key=lambda one: int(one[0]))
    names = list(dict.fromkeys(name for _, at in sizes_ascend for name in at["steps"]))
    colours = dict(zip(names, colormaps["tab20"].colors, strict=False))
    for axes, size, unit, label in ((panels[0], "cpu", 1.0, "CPU seconds"), (panels[1], "peak", 1e9, "peak GB")):
        for name in names:
            there = [(int(n), at["steps"][name][size] / unit) for n, at in sizes_ascend if name in at["steps"]]
            wide = 3 if name == SCORED else 1
            axes.plot(*zip(*there, strict=True), marker="o", label=name, linewidth=wide, color=colours[name])
        axes.set(xscale="log", yscale="log" if size == "cpu" else "linear", xlabel="users", ylabel=label)
    panels[1].set_ylim(0, None)
    panels[1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
