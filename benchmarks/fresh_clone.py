"""Wall time and peak memory of a command of the README, typed in a fresh clone as a newcomer would.

    python benchmarks/fresh_clone.py /tmp/new "make demo"

The folder is made by `git clone` when it does not exist yet; a folder that does exist is used as it is, so a second
call measures the second run. Memory is the proportional set size of every process that was born after the start, so a
page shared by several counts once and services that left their parent count too: leave the machine alone meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

EVERY_SECONDS = 2.0
CLEAN = {"VIRTUAL_ENV", "LSIF_HOME", "LSIF_CONFIG", "PYTHONPATH", "AIRFLOW_HOME", "MLFLOW_TRACKING_URI"}


def held_by_processes_born_after(start: float) -> int:
    """Bytes of memory; a process that ends while it is looked at counts nothing."""
    total = 0
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.create_time() >= start - 1:
                total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to clone to")
    parser.add_argument("command", help='what to type there, such as "make demo"')
    options = parser.parse_args()
    if not options.folder.exists():
        source = Path(__file__).resolve().parents[1]
        subprocess.run(["git", "clone", "--quiet", str(source), str(options.folder)], check=True)

    peak, ended, start = [0], threading.Event(), time.time()

    def watch() -> None:
        while not ended.wait(EVERY_SECONDS):
            peak[0] = max(peak[0], held_by_processes_born_after(start))

    watcher = threading.Thread(target=watch)
    watcher.start()
    environment = {name: value for name, value in os.environ.items() if name not in CLEAN}
    code = subprocess.run(options.command, shell=True, cwd=options.folder, env=environment, check=False).returncode
    ended.set()
    watcher.join()
    minutes = (time.time() - start) / 60
    print(
        json.dumps({"command": options.command, "exit": code, "minutes": round(minutes, 2), "peak_gb": peak[0] / 1e9})
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
