"""What was measured, as a table for people, as JSON, and the nights' curve as a picture."""

import json
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.figure import Figure
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.about import about
from benchmarks.interests import log
from lsif.interests.bases import GROWTH

Row = dict[str, Any]
FEATURES = {
    "LSIF from scratch": ("tiles", "histories", "windows"),
    "PySpark by hand": ("all",),
    "DuckDB": ("all",),
    "Polars": ("all",),
    "ingest of the log": ("ingest",),
}
NIGHT = ("ingest", "tiles", "windows")


def warm(row: Row, steps: tuple[str, ...]) -> float:
    """CPU seconds of `steps` once the engine is warm: of a step that ran more often, the median without the first."""
    return sum(median(row["steps"][step][1:] or row["steps"][step]) for step in steps)


def show(of_log: str, found: dict[str, Any]) -> None:
    rows, console = found["rows"], Console(width=120)
    title = f"{of_log}: {found['events']:,} events, {found['days']} days"
    table = Table("row", "CPU s, warm", "CPU s", "wall s", "peak GB", "read GB", "written GB", title=title, box=SIMPLE)
    for name, row in rows.items():
        steps = FEATURES.get(name, NIGHT)
        own = f"{warm(row, steps):.2f}" if "steps" in row else ""
        sizes = [f"{row[size] / 1e9:.2f}" for size in ("peak", "read", "written")]
        table.add_row(name, own, f"{row['cpu']:.1f}", f"{row['wall']:.0f}", *sizes)
    console.print(table)
    for name, value in ratios(found).items():
        console.print(f"{name}: {value:.3f}")
    for peer, features in found["different"].items():
        console.print(f"{peer}: rows that differ, of rows: {features}")


def ratios(found: dict[str, Any]) -> dict[str, float]:
    rows = found["rows"]
    ours, spark = (
        warm(rows["LSIF from scratch"], FEATURES["LSIF from scratch"]),
        warm(rows["PySpark by hand"], ("all",)),
    )
    nights = rows["LSIF nights, warm"]
    return {
        "ingest + tile of a day / features from scratch by hand in PySpark": warm(nights, ("ingest", "tiles")) / spark,
        "tile of a day / features from scratch by hand in PySpark": warm(nights, ("tiles",)) / spark,
        "LSIF from scratch / DuckDB": ours / warm(rows["DuckDB"], ("all",)),
        "LSIF from scratch / Polars": ours / warm(rows["Polars"], ("all",)),
        "LSIF from scratch / PySpark by hand": ours / spark,
        "a day taken in / its rows written as they come": warm(found["gates"], ("ingest",))
        / warm(found["gates"], ("plain write",)),
        "million events that a base and its tiles hold, opened and merged in a CPU second": found["opened_events"]
        / warm(found["opened"], ("open and merge",))
        / 1e6,
        "CPU ms of a commit after a year of days": 1000 * median(found["commits"]["steps"]["commit"][-30:]),
        "night's share of bases, amortised / features by hand in PySpark": base_share(found) / spark,
        **(of_lengths(found) if "curve" in found else {}),
    }


def of_lengths(found: dict[str, Any]) -> dict[str, float]:
    first, last = found["history"][0], found["history"][-1]
    return {f"ingest + tile of a day at {last} days / at {first}": night_at(found, last) / night_at(found, first)}


def night_at(found: dict[str, Any], length: int) -> float:
    return warm(found["curve"], (f"ingest{length}", f"tiles{length}"))


def base_share(found: dict[str, Any]) -> float:
    """CPU of a base, spread over the nights until the tiles outgrow a quarter of it, at the length of the log."""
    of_all = sum(found["rows"]["LSIF from scratch"]["steps"]["histories"])
    return of_all / max(found["days"] / GROWTH, 1)


def write(found: dict[str, Any], folder: Path) -> None:
    """`interests.json` and `interests.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {**about(), **found, "ratios": ratios(found), "real_year_ratios": ratios(found["real_year"])}
    (folder / "interests.json").write_text(json.dumps(content, indent=1) + "\n")
    _picture(found).savefig(folder / "interests.svg", metadata={"Date": None})


def _picture(found: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    lengths = found["history"]
    for label, steps in {"ingest + tiles": ("ingest", "tiles"), "windows": ("windows",), "a base": ("base",)}.items():
        values = [warm(found["curve"], tuple(f"{step}{length}" for step in steps)) for length in lengths]
        axes.plot(lengths, values, marker="o", label=label)
    axes.set(xlabel="days of history", ylabel="CPU seconds, warm", ylim=(0, None))
    axes.set_title(f"A night, {log.Shop(found['curve_scale']).events:,} events a day")
    axes.legend()
    return figure
