"""What privacy costs: NDCG@10 of every list against epsilon, on held-out days of a validation cut.

    python -m benchmarks.private_training --log online_retail --epsilons none,8,4,2,1 --seeds 3 --out curve.jsonl
    python -m benchmarks.private_training --out curve.jsonl --picture docs/privacy.svg

One line of JSON for each training as it ends; those that are in the file already are not made again, so a run that was
cut off goes on. `for_you` is the list of everything, `discover` that of what is new to a user. A private training draws
its own randomness, so a seed only numbers it. `--picture` draws what the file has and prints it as a table.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import mean
from typing import Any

from matplotlib.figure import Figure

from benchmarks.about import about
from benchmarks.quality.logs import LOGS
from benchmarks.quality.prepare import prepared
from lsif.config import Settings
from lsif.learning.cutoffs import Cutoffs, cutoffs
from lsif.learning.lessons import Lessons, learned, lessons
from lsif.learning.training import silent
from lsif.learning.trial import trial
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables

METRIC, OURS = "ndcg@10", "lsif"
COUNTING = {"for_you": "frequency_90d", "discover": "popularity_7d"}
"""The best counting beside each list."""
LISTS = tuple(COUNTING)
Line = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", default="online_retail", choices=sorted(LOGS))
    parser.add_argument("--epsilons", default="none,8,4,2,1")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--examples", type=int, default=3_000)
    parser.add_argument("--cutoffs", type=int, default=8)
    parser.add_argument("--batch-users", type=int, default=64)
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=1e-2)
    parser.add_argument("--passes", type=float, default=3.0)
    parser.add_argument("--most", type=int, help="trainings of this run, default: all that are missing")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    if options.picture:
        found = read(options.out)
        picture(found).savefig(options.picture, metadata={"Date": None})
        print(as_table(found))
    else:
        measure(options)


def measure(options: argparse.Namespace) -> None:
    """Make the trainings that the file lacks."""
    asked = [None if one == "none" else float(one) for one in options.epsilons.split(",")]
    there = {(line["seed"], line["epsilon"]) for line in read(options.out)}
    missing = [(seed, one) for seed in range(options.seeds) for one in asked if (seed, one) not in there]
    log = LOGS[options.log].narrowed({LOGS[options.log].validation[-1]})
    tables, settings = prepared(log, ("validation",))
    batch = options.batch_users
    settings = changed(settings, "training", examples=options.examples, cutoffs=options.cutoffs, batch_users=batch)
    how = {"clip": options.clip, "learning_rate": options.learning_rate, "passes": options.passes}
    at = cutoffs(log.validation[-1], settings.training, log.first)
    lesson = lessons(tables, at, settings)
    for seed, epsilon in missing[: options.most]:
        own = changed(changed(settings, "privacy", epsilon=epsilon, **how), "training", seed=seed)
        line = {"seed": seed, "epsilon": epsilon, **how, "batch_users": batch, "examples": lesson.drawn}
        line |= outcome(tables, at, lesson, own) | {**about(), "log": log.name, **vars(at)}
        with options.out.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def changed(settings: Settings, section: str, **values: object) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def outcome(tables: Tables, at: Cutoffs, read: Lessons, settings: Settings) -> Line:
    """By list and contender value and 95 % interval over users, and what the training took and spent."""
    began = time.process_time()
    made = learned(read, settings, silent)
    took = time.process_time() - began
    model = TrainedModel(made.model, made.index, "benchmark", settings.interests, at.trained_through)
    rows = [row for row in trial(tables, at, settings, model, None).comparison if row["metric"] == METRIC]
    found = {
        f"{row['list']} {row['contender']}": [round(row[name], 4) for name in ("value", "low", "high")] for row in rows
    }
    return {"cpu_seconds": round(took), **found, **(made.spent.tags() if made.spent else {})}


def read(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def of_seeds(lines: list[Line], epsilon: float | None, name: str) -> list[float]:
    """The values of all seeds."""
    return [line[name][0] for line in lines if line["epsilon"] == epsilon]


def epsilons(lines: list[Line]) -> list[float]:
    return sorted({line["epsilon"] for line in lines if line["epsilon"]}, reverse=True)


def as_table(lines: list[Line]) -> str:
    """Of each epsilon the mean of the seeds, their range, and the interval over users of the first one."""
    told = ["| epsilon | " + " | ".join(LISTS) + " | CPU s |", "|---|" + "---|" * (len(LISTS) + 1)]
    for epsilon in (None, *epsilons(lines)):
        own = [line for line in lines if line["epsilon"] == epsilon]
        cells = []
        for name in LISTS:
            values, (_, low, high) = of_seeds(lines, epsilon, f"{name} {OURS}"), own[0][f"{name} {OURS}"]
            cells.append(f"{mean(values):.4f} ({min(values):.4f} to {max(values):.4f}; users {low:.4f} to {high:.4f})")
        cpu = mean(line["cpu_seconds"] for line in own)
        told.append(f"| {epsilon or 'none'} | {' | '.join(cells)} | {cpu:.0f} |")
    names = sorted({name for line in lines for name in line if name.startswith(LISTS)} - {f"{n} {OURS}" for n in LISTS})
    return "\n".join([*told, *(f"{name}: {lines[0][name]}" for name in names)])


def picture(lines: list[Line]) -> Figure:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes, at = figure.subplots(), epsilons(lines)
    for colour, name in zip(("C0", "C1"), LISTS, strict=True):
        values = [of_seeds(lines, one, f"{name} {OURS}") for one in at]
        middle = [mean(some) for some in values]
        spread = [
            [m - min(v) for m, v in zip(middle, values, strict=True)],
            [max(v) - m for m, v in zip(middle, values, strict=True)],
        ]
        axes.errorbar(at, middle, yerr=spread, marker="o", capsize=3, color=colour, label=name)
        axes.axhline(
            mean(of_seeds(lines, None, f"{name} {OURS}")),
            color=colour,
            linestyle="--",
            label=f"{name}, without privacy",
        )
        counted = lines[0][f"{name} {COUNTING[name]}"][0]
        axes.axhline(counted, color=colour, linestyle=":", label=f"{name}, {COUNTING[name]}")
    axes.set(xscale="log", xlabel="epsilon of the training", ylabel="NDCG@10", ylim=(0, None))
    axes.set_xticks(at, [f"{one:g}" for one in at])
    axes.minorticks_off()
    axes.legend(fontsize="small", ncols=2)
    return figure


if __name__ == "__main__":
    main()
