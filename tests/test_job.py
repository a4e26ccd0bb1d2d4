"""Every job's frame: arguments, the no-op rule, the ledger and exit codes, in a real process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lsif.code import imported_sources
from lsif.tables import Tables

JOB = """
import os
import subprocess
import sys
from lsif.errors import LsifError, Superseded
from lsif.job import Counts, Job, run_job

def inputs(job: Job) -> dict[str, str]:
    return {"landing": os.environ.get("CONTENT", "a")}

def work(job: Job) -> Counts:
    match os.environ.get("FAIL"):
        case "input":
            raise LsifError("the input is bad: mend it")
        case "superseded":
            raise Superseded("another writer came first")
        case "crash":
            raise RuntimeError("boom")
        case "settings":
            print(job.settings.ranking)
        case "nothing, but it is slow":
            subprocess.run([sys.executable, "-c", "while __import__('time').process_time() < 0.7: pass"], check=True)
    writer = job.tables.writer("feedback")
    writer.write(job.ds, job.tables.schema("feedback").empty_table())
    writer.commit()
    return Counts(rows_in=5, rows_out=3, duplicates=1, quarantined=1)

run_job("toy", "A toy step.", inputs, work)
"""


@pytest.fixture
def job(home: Path) -> Path:
    file = home / "toy.py"
    file.write_text(JOB)
    return file


def run(job: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).resolve().parent.parent)
    return subprocess.run(
        [sys.executable, str(job), *args],
        env={**os.environ, "PYTHONPATH": root, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def statuses(tables: Tables) -> list[str]:
    return tables.read("runs").sort_by("seq")["status"].to_pylist()


def test_a_step_runs_once_until_something_changes(job: Path, tables: Tables) -> None:
    first = run(job, "--ds", "2017-01-01")
    assert (first.returncode, first.stderr) == (0, "")
    assert "toy ds=2017-01-01: 5 rows in, 3 out, 1 duplicates, 1 quarantined" in first.stdout
    assert "nothing to do" in run(job, "--ds", "2017-01-01").stdout
    assert statuses(tables) == ["done"]
    assert "rows in" in run(job, "--ds", "2017-01-01", "--force").stdout
    assert "rows in" in run(job, "--ds", "2017-01-01", CONTENT="b").stdout
    assert "rows in" in run(job, "--ds", "2017-01-02").stdout
    job.write_text(JOB + "# edited\n")
    assert "rows in" in run(job, "--ds", "2017-01-01", CONTENT="b").stdout
    assert statuses(tables) == ["done"] * 5


def test_a_step_whose_day_is_gone_runs_again(job: Path, tables: Tables) -> None:
    run(job, "--ds", "2017-01-01")
    (line,) = tables.read("runs").to_pylist()
    assert line["outputs"] == '["feedback/2017-01-01"]'
    shutil.rmtree(tables.path("feedback"))
    assert "rows in" in run(job, "--ds", "2017-01-01").stdout
    assert tables.days("feedback") == ["2017-01-01"]


@pytest.mark.parametrize(
    ("failure", "code", "status", "line"),
    [
        ("input", 2, "failed", "toy.py: the input is bad: mend it\n"),
        ("superseded", 99, "superseded", "toy.py: another writer came first\n"),
    ],
)
def test_a_known_failure_is_one_line(
    job: Path, tables: Tables, failure: str, code: int, status: str, line: str
) -> None:
    done = run(job, "--ds", "2017-01-01", FAIL=failure)
    assert (done.returncode, done.stderr) == (code, line)
    assert statuses(tables) == [status]


def test_a_crash_is_recorded_and_the_next_run_is_no_noop(job: Path, tables: Tables) -> None:
    assert run(job, "--ds", "2017-01-01", FAIL="crash").returncode == 1
    assert "rows in" in run(job, "--ds", "2017-01-01").stdout
    assert statuses(tables) == ["failed", "done"]


def test_a_step_cannot_read_what_it_does_not_name(job: Path, tables: Tables) -> None:
    done = run(job, "--ds", "2017-01-01", FAIL="settings")
    assert done.returncode == 1
    assert "AttributeError: [ranking] is none of the sections of the settings that this step names" in done.stderr
    job.write_text(JOB.replace("work)", 'work, ["ranking"])'))
    assert run(job, "--ds", "2017-01-01", FAIL="settings").returncode == 0
    assert statuses(tables) == ["failed", "done"]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ((), "the following arguments are required: --ds"),
        (("--ds", "2017-13-01"), "'2017-13-01' is not a day (YYYY-MM-DD)"),
        (("--ds", "20170101"), "'20170101' is not a day (YYYY-MM-DD)"),
        (("--ds", "2017-01-01", "--fast"), "unrecognized arguments: --fast"),
        (("--ds", "2017-01-01", "--config", "/absent.toml"), "cannot read the configuration /absent.toml"),
    ],
)
def test_a_bad_argument_is_one_line_and_writes_nothing(
    job: Path, tables: Tables, args: tuple[str, ...], line: str
) -> None:
    done = run(job, *args)
    assert done.returncode == 2
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert tables.read("runs").num_rows == 0


def test_the_code_hash_covers_what_is_imported_and_nothing_else(job: Path) -> None:
    names = {file.name for file in imported_sources(job)}
    assert {"toy.py", "job.py", "config.py", "write.py"} <= names
    assert "spark.py" not in names


def test_the_code_hash_covers_a_neighbour_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("from near import number\n")
    (tmp_path / "near.py").write_text("number = 1\n")
    assert imported_sources(tmp_path / "script.py") == {tmp_path / "script.py", tmp_path / "near.py"}


def test_a_place_where_nothing_can_be_written_is_one_line(job: Path, home: Path) -> None:
    (home / "in_the_way").write_text("")
    for place in (home / "in_the_way" / "tables", "nowhere://tables"):
        done = run(job, "--ds", "2017-01-01", LSIF_TABLES=str(place))
        assert done.returncode == 2
        assert done.stderr.startswith(f"toy.py: cannot write tables below {place}: ")
        assert done.stderr.count("\n") == 1


def test_of_several_processes_the_first_writes_the_ledger(job: Path, tables: Tables) -> None:
    assert run(job, "--ds", "2024-03-01", RANK="1").returncode == 0
    assert statuses(tables) == []
    assert run(job, "--ds", "2024-03-01", RANK="0").returncode == 0
    assert statuses(tables) == ["done"]


def test_the_ledger_counts_the_processor_of_children_too(job: Path, tables: Tables) -> None:
    run(job, "--ds", "2017-01-01")
    run(job, "--ds", "2017-01-02", FAIL="nothing, but it is slow")
    quick, slow = tables.read("runs").sort_by("seq")["cpu_seconds"].to_pylist()
    assert 0 <= quick < 0.6 < slow < 5
