"""`make bench-night`: a training and a night at several numbers of users, each step a process of its own.

    python -m benchmarks.nights                             # 5,000 to 1,000,000 users; some hours on two cores
    python -m benchmarks.nights --users 5000,50000 --items 10000 --no-training

90 days of a made-up log are imported, a model is trained on it and promoted, and the night after is made, step by step
as the DAGs do. CPU seconds, wall seconds, peak memory (proportional set size of all processes, and what of it is
anonymous) and bytes of each step go into a table, `scale.json` and `scale.svg`. `--no-training` scores with a model of
the smallest log in the place of one of its own. `--rules` gives the lists rules. `--one-list` asks for `for_you` alone,
and puts RecTools' SASRec beside it, as it recommends to the same users (width 64, 64 events, one thread). Each step's
cost is kept when it ends: `--resume` goes on after the last of them.

Work lies in `.bench/nights` (LSIF_BENCH_WORK moves it).
"""

import argparse
import json
import os
import shutil
from collections.abc import Container, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.interests.__main__ import Bench, Kept
from benchmarks.interests.log import DAYS, day
from benchmarks.interests.measure import measured
from benchmarks.nights import report
from benchmarks.nights.crowd import Crowd
from benchmarks.quality.logs import work_folder
from benchmarks.quality.running import interpreter
from lsif.config import project_folder

USERS, ITEMS = (5_000, 50_000, 500_000, 1_000_000), 50_000
PAST, TONIGHT = day(DAYS - 1), day(DAYS)
TRAINING = {
    "training_cutoffs": (),
    "embed_items": ("--for-training",),
    "train": (),
}
NIGHT = (
    "events_to_interests",
    "ingest_items",
    "embed_items",
    "score_users",
    "audit_recommendations",
    "publish_recommendations",
    "join_feedback",
)
RECTOOLS_STEP = "RecTools, recommend"
RECTOOLS = project_folder() / "benchmarks" / "quality" / "peers" / "rectools.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=lambda text: [int(n) for n in text.split(",")], default=list(USERS))
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--no-training", action="store_true", help="score all with the smallest log's model")
    parser.add_argument("--one-list", action="store_true", help="for_you alone, with RecTools beside it")
    parser.add_argument("--rules", action="store_true", help="lists with filters, boosts and caps")
    parser.add_argument("--resume", action="store_true", help="keep what a run of these options ended")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="where JSON and picture go")
    options = parser.parse_args()
    work = work_folder() / "nights"
    work.mkdir(parents=True, exist_ok=True)
    found, model = Kept(work / "found.json", keep=options.resume), ""
    for number, users in enumerate(options.users):
        home = work / f"{users}-{options.items}"
        at = Crowd(people=users, things=options.items, one_list=options.one_list, rules=options.rules)
        os.environ["MLFLOW_TRACKING_URI"] = model or f"sqlite:///{home}/mlflow.db"
        asked = {"items": options.items, "rules": options.rules, "one_list": options.one_list, "model": model}
        before = found.get(str(users), {})
        done = before["steps"] if before.get("asked") == asked else {}
        for step, cost in _steps(home, at, trains=not (number and options.no_training), done=done):
            done = {**done, step: cost}
            found[str(users)] = {"asked": asked, "events": at.events * DAYS, "steps": done}
        if options.no_training:
            model = os.environ["MLFLOW_TRACKING_URI"]
        report.show(users, found[str(users)])
    report.write(found, options)


def _steps(home: Path, at: Crowd, trains: bool, done: Container[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step's name and cost, but for those that are done."""
    bench = Bench(home, at, DAYS + 1, afresh=not done)
    if trains and not done:
        shutil.rmtree(home / "mlruns", ignore_errors=True)
        (home / "mlflow.db").unlink(missing_ok=True)
    steps: dict[str, tuple[str, ...]] = {"import_past": ("import_past", "--from", day(0), "--ds", PAST)}
    if trains:
        steps |= {f"{step}, training": (step, "--ds", PAST, *words) for step, words in TRAINING.items()}
    for name, command in (steps | {step: (step, "--ds", TONIGHT) for step in NIGHT}).items():
        if name not in done:
            print(f"{at.people:,} users: {name}", flush=True)
            cost = bench.job(*command)
            if name == "train, training":
                bench.job("move_alias", "promote", "--ds", PAST, "--force", "--reason", "a benchmark's")
            yield name, asdict(cost)
    if at.one_list and RECTOOLS_STEP not in done:
        yield RECTOOLS_STEP, _rectools(home)


def _rectools(home: Path) -> dict[str, Any]:
    out = home / "rectools.json"
    command = [interpreter(RECTOOLS), str(Path(__file__).parent / "rectools_sasrec.py"), str(home), str(out)]
    return asdict(measured(command, {**os.environ, "OMP_NUM_THREADS": "1"})) | json.loads(out.read_text())


if __name__ == "__main__":
    main()
