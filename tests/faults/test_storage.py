"""Storage that fails: a full disk, a read-only one, a log that somebody damaged, files that go beside a reader."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lsif.errors import LsifError
from lsif.tables import Tables
from tests.faults.forks import ROOT
from tests.faults.standing import begun, whole
from tests.faults.tally import Tally
from tests.faults.writing import DAYS, TABLE, opened
from tests.tables.tiles import put

pytestmark = pytest.mark.long

MAY_MOUNT = subprocess.run(
    ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, check=False
)


@pytest.mark.skipif(MAY_MOUNT.returncode != 0, reason="no mount namespace of one's own is allowed here: no small disk")
def test_a_full_or_read_only_disk_is_one_line_and_changes_nothing(tmp_path: Path, tally: Tally) -> None:
    command = ["unshare", "--mount", sys.executable, "-m", "tests.faults.on_a_small_disk", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 25 and sum("the disk is full" in row["said"] for row in rows) >= 10
    assert sum("may not be read or written" in row["said"] for row in rows) >= 4
    for row in rows:
        assert not row["said"].startswith("FAULT") and "\n" not in row["said"], row
        tally.add("a full or read-only disk, and the retry", row["partial"], row["lost"], row["doubled"])


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "noise": lambda content: b"\xff" * len(content),
    "no JSON": lambda content: b"{",
    "another action": lambda content: b'{"add": 7}\n',
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_log_is_one_line_or_leaves_whole_days(how: str, tmp_path: Path, tally: Tally) -> None:
    tables = begun(tmp_path)
    entry = max((tmp_path / TABLE / "_delta_log").glob("*.json"))
    content = entry.read_bytes()
    entry.write_bytes(DAMAGES[how](content))
    partial = False
    try:
        partial = not set(tables.days(TABLE)) >= set(DAYS)
    except LsifError as error:
        assert "is damaged" in str(error) and "\n" not in str(error)
    entry.write_bytes(content)
    tally.add("a damaged entry of a table's log", partial or not whole(tables, dict.fromkeys(DAYS, "old")))


def test_files_that_go_beside_a_reader_are_none_that_it_needs(tmp_path: Path, tally: Tally) -> None:
    tables = begun(tmp_path)
    failures: list[Exception] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                view = Tables(str(tmp_path)).pinned()
                tally.add("reads beside retention", partial=len(view.read(TABLE, DAYS[:1])) not in (1, 40))
            except Exception as error:
                failures.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(15):
        put(tables, DAYS[0], f"i{number}")
        tables.tidy(TABLE, keep_days=7)
        opened(tables, f"w{number}", DAYS[:1]).commit()
    over.set()
    reader.join()
    assert failures == [] and tally.counts["reads beside retention"].runs > 3
