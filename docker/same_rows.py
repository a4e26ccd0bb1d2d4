"""`same_rows.py ROOT FIRST LAST`: exit 0 when ROOT and LSIF_TABLES hold the same rows of FIRST to LAST.

Of lists those of LAST: ROOT has no others.
"""

import os
import sys

from lsif.days import days_between
from lsif.tables import Tables

DAILY = ("events", "quarantine", "history_tiles", "user_tiles", "item_tiles")


def main(root: str, first: str, last: str) -> int:
    ours, alone = Tables(os.environ["LSIF_TABLES"]), Tables(root)
    places = [(name, ds) for name in DAILY for ds in days_between(first, last)]
    places += [(name, last) for name in ("recent_windows", "item_hours", "item_states", "recommendations")]
    other = [f"{name}/{ds}" for name, ds in places if ours.content_hash(name, ds) != alone.content_hash(name, ds)]
    empty = [name for name in ("events", "recommendations") if not ours.rows(name, last, last).get(last)]
    print(f"{len(places) - len(other)} of {len(places)} days of tables hold the rows of one machine", *other, *empty)
    return 1 if other or empty else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
