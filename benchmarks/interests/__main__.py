"""`make bench-interests`: one run, every row, one table, one JSON, one picture.

    python -m benchmarks.interests                      # 20 million events, then a real year; half an hour on two cores
    python -m benchmarks.interests --scale 0.05 --curve-scale 0.01

Work lies in `.bench/interests` (LSIF_BENCH_WORK moves it); the made-up log is kept there, everything else is made anew.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.interests import log, real, report, same
from benchmarks.interests.measure import Cost, measured
from benchmarks.quality.logs import work_folder
from lsif.config import load_settings, project_folder
from lsif.days import days_between
from lsif.interests.bases import history_settings
from lsif.tables import Tables

PEERS = {"PySpark by hand": "by_spark", "DuckDB": "by_duckdb", "Polars": "by_polars"}
HISTORY = (30, 90, 365)
"""Days of history at which nights are measured for the curve."""


class Bench:
    """One log's home; every row is a process of its own, and ends before the next begins.

    Args:
        afresh: whether tables of an earlier run go.
    """

    def __init__(self, home: Path, given: log.Log, days: int, afresh: bool = True) -> None:
        self.home = home
        if afresh:
            shutil.rmtree(home / "tables", ignore_errors=True)
        given.deliver(home, days)
        os.environ |= {"LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "shop.toml")}
        os.environ |= {"PYTHONPATH": str(project_folder()), "LSIF_SPARK_MASTER": "local[2]"}
        os.environ.pop("LSIF_TABLES", None)
        self.tables = Tables(load_settings().tables)
        self.job("ingest_items", "--ds", log.day(0))

    def job(self, name: str, *arguments: str) -> Cost:
        return measured([sys.executable, str(project_folder() / "jobs" / f"{name}.py"), *arguments], dict(os.environ))

    def module(self, name: str, steps: Path, *arguments: str, **environment: str) -> report.Row:
        print(f"{name} {' '.join(arguments[:3])}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.interests.{name}", *arguments]
        cost = measured(command, {**os.environ, **environment})
        return {**asdict(cost), "steps": json.loads(steps.read_text())}

    def ours(self, work: str, days: str, **environment: str) -> report.Row:
        steps = self.home / f"{work}.json"
        return self.module("ours", steps, work, "--days", days, "--out", str(steps), **environment)

    def peer(self, script: str, ds: str) -> report.Row:
        out = self.home / script
        shutil.rmtree(out, ignore_errors=True)
        (self.home / "task.json").write_text(json.dumps(self.task(ds)))
        return self.module(
            f"peers.{script}", out / "steps.json", "--task", str(self.home / "task.json"), "--out", str(out)
        )

    def task(self, ds: str) -> dict[str, Any]:
        settings = load_settings()
        how, interests = history_settings(settings), settings.interests
        return {
            "events": same.files_of(self.tables, "events", days_between(log.day(0), ds)),
            "items": same.files_of(self.tables, "items", [log.day(0)])[0],
            "ds": ds,
            "half_lives_days": how.half_lives_days,
            "last_days": how.last_days,
            "recent_days": interests.recent_days,
            "window_events": interests.window_events,
        }


class Kept(dict[str, Any]):
    """Results that lie in a file as soon as they are there: an hour's work outlives whatever ends the next."""

    def __init__(self, file: Path, keep: bool = False) -> None:
        super().__init__(json.loads(file.read_text()) if keep and file.exists() else {})
        self.file = file

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        self.file.write_text(json.dumps(self))


def scratch_and_nights(home: Path, given: log.Log, days: int) -> dict[str, Any]:
    bench, rows, differences = Bench(home, given, days + log.NIGHTS), Kept(home / "rows.json"), {}
    first, last, last_but_one = log.day(0), log.day(days - 1), log.day(days + log.NIGHTS - 2)
    rows["ingest of the log"] = bench.ours("past", f"{first},{last}")
    rows["LSIF from scratch"] = bench.ours("scratch", f"{first},{last}")
    for name, script in PEERS.items():
        rows[name] = bench.peer(script, last)
        differences[name] = same.different(bench.tables, days_between(first, last), home / script / "all")
        print(f"  rows that differ from LSIF's: {differences[name]}", flush=True)
    rows["LSIF nights, warm"] = bench.ours("nights", f"{log.day(days)},{last_but_one}")
    found = Kept(home / "found.json")
    found["gates"] = bench.ours("gates", f"{log.day(days)},{log.day(days + log.NIGHTS - 1)}")
    found["commits"] = bench.ours("commits", f"{first},{last}")
    found["opened"] = bench.ours("opened", f"{first},{last_but_one}")
    rows["LSIF night, the job"] = asdict(bench.job("events_to_interests", "--ds", log.day(days + log.NIGHTS - 1)))
    held = {"days": days, "events": sum(bench.tables.rows("events", last=last).values())}
    held["opened_events"] = sum(bench.tables.rows("events", last=last_but_one).values())
    return {**held, "rows": rows, "different": differences, **found}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="1 = 20 million events in 90 days")
    parser.add_argument("--days", type=int, default=log.DAYS, help="of history, outside the curve")
    parser.add_argument("--curve-scale", type=float, default=0.25, help="of the shop whose nights make the curve")
    parser.add_argument("--history", type=lambda text: [int(n) for n in text.split(",")], default=list(HISTORY))
    parser.add_argument("--out", type=Path, default=Path("docs"), help="where JSON and picture go")
    options = parser.parse_args()
    work = work_folder() / "interests"
    found = scratch_and_nights(work / f"{options.scale}", log.Shop(options.scale), options.days)
    real_year = scratch_and_nights(work / "real-year", real.RealYear(), real.DAYS)
    shop, length = log.Shop(options.curve_scale), options.history[-1] + log.NIGHTS
    curve = Bench(work / f"curve-{options.curve_scale}", shop, length)
    at = ",".join(map(str, options.history))
    found |= {"scale": options.scale, "curve_scale": options.curve_scale, "history": options.history}
    found["curve"] = curve.ours("curve", at)
    found["real_year"] = real_year
    report.show("made up", found)
    report.show("Complete Journey", real_year)
    report.write(found, options.out)
    differences = [*found["different"].values(), *real_year["different"].values()]
    return int(any(bad for peer in differences for bad, _ in peer.values()))


if __name__ == "__main__":
    sys.exit(main())
