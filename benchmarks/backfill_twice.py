"""Whether a backfill made twice leaves equal rows: content hashes of every table's day before and after.

    LSIF_HOME=.lsif python benchmarks/backfill_twice.py --from 2017-11-01 --to 2017-11-07

The days must have been run and the services be up. The second backfill is forced, since unchanged inputs are a no-op.
Exit code 1 when a row differs, a step did not run again, or a file was replaced although its rows are the same.
"""

import argparse
import sys
from collections.abc import Sequence

from rich.table import Table

from lsif import services
from lsif.config import home_folder, load_settings
from lsif.days import day_before, days_between
from lsif.screen import Progress, console, show_failures
from lsif.tables import Tables

A_DAYS_TABLES = ("events", "history_tiles", "user_tiles", "item_tiles", "recent_windows", "recommendations", "feedback")
STEPS = 10
"""Of a night, each with a line in the ledger when it runs."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--to", dest="last", required=True, metavar="YYYY-MM-DD")
    options = parser.parse_args()
    tables, days = Tables(load_settings().tables), days_between(options.first, options.last)
    beside = [day_before(options.first), day_before(options.last, -1)]

    hashes, files, runs = content(tables, days), marks(tables, [*days, *beside]), len(tables.read("runs"))
    airflow = services.airflow_client(home_folder())
    backfill = airflow.backfill("lsif_nightly", options.first, options.last, {"force": True})
    if show_failures(airflow, airflow.wait_for_backfill(backfill, Progress())):
        return 1
    again, ran = content(tables, days), len(tables.read("runs")) - runs

    table = Table("table and day", "content hash, first", "content hash, second", box=None, pad_edge=False)
    for where in hashes:
        table.add_row(where, hashes[where][:16], again[where][:16])
    console.print(table)
    good = hashes == again and files == marks(tables, [*days, *beside]) and ran >= STEPS * len(days)
    console.print(f"{ran} steps ran: equal rows, no file replaced" if good else "[red]NOT the same")
    return 0 if good else 1


def content(tables: Tables, days: Sequence[str]) -> dict[str, str]:
    """Hash of each day's rows, by `table/ds`."""
    return {f"{name}/{ds}": tables.content_hash(name, ds) for name in A_DAYS_TABLES for ds in days}


def marks(tables: Tables, days: Sequence[str]) -> dict[str, str]:
    """Identity of each day's files, by `table/ds`."""
    return {where: mark for name in A_DAYS_TABLES for where, mark in tables.fingerprints(name, days).items()}


if __name__ == "__main__":
    sys.exit(main())
