"""Run as a program in a mount namespace of its own: every way to write a table, on a disk that is full or read-only."""

import json
import os
import subprocess
import sys
from pathlib import Path

from lsif.outages import ended_with
from lsif.tables import Tables
from tests.faults.standing import begun, doubled, whole
from tests.faults.writing import DAYS, act

LEFT = (0, 4096, 12_288, 40_960)
"""Bytes that are free when an action begins."""
OLD = dict.fromkeys(DAYS, "old")
WAYS = ("write", "stage", "append", "tidy", "keep")


def fill(disk: Path, left: int) -> Path:
    """A file that takes all but `left` bytes."""
    filler, free = disk / "filler", os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with filler.open("wb") as file:
        file.write(bytes(max(free - left, 0)))
    return filler


def ended(action: dict[str, str]) -> str:
    """`done`, the one line that a job ends with, or the fault that nobody has put into words."""
    try:
        act(action)
    except Exception as error:
        told = ended_with(error)
        return str(told) if told else f"FAULT {type(error).__name__}: {error}"
    return "done"


def tried(disk: Path, what: str, left: int | None) -> dict[str, object]:
    """One action on a full disk (or, without `left`, a read-only one), and its retry when there is room again."""
    root = disk / f"{what}-{left}"
    tables = begun(root)
    action = {"what": what, "root": str(root), "tag": "new"}
    if left is None:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        said = ended(action)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    else:
        filler = fill(disk, left)
        said = ended(action)
        filler.unlink()
    after = dict.fromkeys(DAYS, "new") if what == "write" else OLD
    partial = not whole(tables, OLD, after)
    again = ended(action)
    lost = again != "done" or not whole(Tables(str(root)), after)
    twice = what != "append" and doubled(tables)
    return {"said": said, "again": again, "partial": partial, "lost": lost, "doubled": twice}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(place)], check=True)
    for one in WAYS:
        for free in (*LEFT, None):
            print(json.dumps({"what": one, "left": free, **tried(place, one, free)}), flush=True)
