"""What a day of a long past costs an import, beyond what its rows cost.

    python -m benchmarks.import_days --days 1000 --events 94

Imports a made-up log of so many days, a Parquet file each, and as many events in ten days; prints the CPU seconds of
both (Python, the JVM and all they start) and their difference a thousand days.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.interests import log
from benchmarks.interests.measure import Cost, measured
from lsif.config import project_folder

FEW = 10


def imported(home: Path, days: int, events: int) -> Cost:
    """The import of a log of `events` a day into a new home."""
    log.Shop(events * log.DAYS / log.EVENTS).deliver(home, days)
    places = {"LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "shop.toml"), "LSIF_SPARK_MASTER": "local[2]"}
    environment = {**os.environ, **places, "PYTHONPATH": str(project_folder())}
    environment.pop("LSIF_TABLES", None)
    job = str(project_folder() / "jobs" / "import_past.py")
    return measured([sys.executable, job, "--from", log.day(0), "--ds", log.day(days - 1)], environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--events", type=int, default=94, help="of a day")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        costs = {
            days: imported(Path(folder) / str(days), days, options.events * options.days // days)
            for days in (FEW, options.days)
        }
    for days, cost in costs.items():
        print(f"{options.days * options.events:,} events in {days:,} days: {cost.cpu:.1f} CPU s, {cost.wall:.0f} s")
    beyond = costs[options.days].cpu - costs[FEW].cpu
    print(f"beyond the rows: {beyond / (options.days - FEW) * 1000:.1f} CPU s for 1,000 days")


if __name__ == "__main__":
    main()
