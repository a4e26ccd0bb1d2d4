"""What a night opens: each step is run on tables of which everything else has been destroyed, byte by byte."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.tables import Tables
from tests.jobs.conftest import Run, deliver

D = "2017-03-31"
FIRST, BASE, BEFORE = "2017-02-20", day_before(D, 2), day_before(D)
ALL = ("events", "history_tiles", "user_tiles", "item_tiles", "long_term_histories", "recent_windows", "items")
Opened = dict[str, tuple[list[str], list[str]]]
"""Table = the days whose files a step opens, and the columns that it reads of them; no columns are all of them."""

WEEK = days_between(day_before(D, 7), BEFORE)
WEEKDAYS = [day_before(D, 7 * week) for week in (4, 3, 2)]
"""Whose volume by source says what is usual."""
WINDOWS = days_between(FIRST, D)
"""Of D and, because no night made them, of 28 days before."""
STEPS: dict[str, Opened] = {
    "ingest_events": {"events": ([*WEEKDAYS, *WEEK], ["event_id", "source"]), "items": ([FIRST], ["item_id", "text"])},
    "long_term_history": {"events": ([D], [])},
    "recent_window": {"events": (WINDOWS, ["user_id", "item_id", "query", "event_type", "event_time"])},
}
AT_A_BASE: Opened = {
    "events": ([D], []),
    "items": ([FIRST], ["item_id", "category"]),
    "long_term_histories": ([BASE], []),
    "history_tiles": ([BEFORE], []),
}
MADE = {
    "ingest_events": ("events",),
    "long_term_history": ("history_tiles", "user_tiles", "item_tiles", "long_term_histories"),
    "recent_window": ("recent_windows",),
}


def rows(ds: str, n: int) -> list[str]:
    return [f"{ds}-{k},u{k % 5},{k % 7},purchase,{ds}T{10 + k % 12}:00:00Z" for k in range(n)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the home that the first test makes; the others copy it."""
    return tmp_path_factory.mktemp("opened") / "home"


@pytest.fixture
def log(run: Run, home: Path, tables: Tables, made: Path) -> Tables:
    """Forty days, a base on the last but two, and the delivery of the last."""
    if made.exists():
        shutil.copytree(made, home, dirs_exist_ok=True)
        return tables
    for ds in days_between(FIRST, D):
        deliver(home, ds, *rows(ds, 6))
    (home / "landing" / "items.csv").write_text("id,title,category\n1,One,ones\n")
    run("ingest_items", "--ds", FIRST)
    run("import_past", "--from", FIRST, "--ds", day_before(BASE))
    run("events_to_interests", "--ds", BASE)
    run("events_to_interests", "--ds", BEFORE)
    assert tables.days("long_term_histories") == [BASE]
    shutil.copytree(home, made)
    return tables


def destroy_all_but(tables: Tables, opened: Opened) -> None:
    """Overwrite every column of every file that is not opened; of files that are not, the footer too."""
    for name in ALL:
        days, columns = opened.get(name, ([], []))
        for checksum in Path(tables.path(name)).rglob(".*.crc"):
            checksum.unlink()
        for file in Path(tables.path(name)).rglob("*.parquet"):
            if file.parent.name.removeprefix("ds=") not in days:
                file.write_bytes(b"\xff" * file.stat().st_size)
            elif columns:
                destroy_columns(file, set(columns))


def destroy_columns(file: Path, spared: set[str]) -> None:
    footer = pq.read_metadata(file)
    with file.open("r+b") as opened:
        for group in range(footer.num_row_groups):
            for number in range(footer.num_columns):
                chunk = footer.row_group(group).column(number)
                if chunk.path_in_schema.split(".")[0] not in spared:
                    opened.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
                    opened.write(b"\xff" * chunk.total_compressed_size)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_opens_what_is_listed_and_nothing_else(run: Run, log: Tables, step: str) -> None:
    if step != "ingest_events":
        run("ingest_events", "--ds", D)
    destroy_all_but(log, STEPS[step])
    run(step, "--ds", D)
    assert log.days("long_term_histories") == [BASE], "no base was due"
    assert sum(log.rows(name, D, D).get(D, 0) for name in MADE[step]) > 0


def test_a_due_base_opens_the_one_before_it_and_the_tiles_in_between(
    run: Run, home: Path, log: Tables, settings: Settings
) -> None:
    deliver(home, D, *rows(D, 150))
    run("ingest_events", "--ds", D)
    destroy_all_but(log, AT_A_BASE)
    run("long_term_history", "--ds", D)
    assert log.days("long_term_histories") == [BASE, D]
    assert sum(log.read("long_term_histories", [D])["n_events"].to_pylist()) == 39 * 6 + 150
