"""The command line: quick help, one clear line for what a person can mend, and progress that reads well."""

import csv
import io
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lsif import cli, lookup, services
from lsif.airflow_api import Airflow
from lsif.errors import LsifError
from lsif.screen import Progress, console, said_last, show_failures, show_rows
from lsif.tables import Tables

COMMANDS = [
    "up",
    "down",
    "status",
    "env",
    "trigger",
    "backfill",
    "stale",
    "cascade",
    "train",
    "promote",
    "rollback",
    "recs",
    "why",
    "similar",
    "interests",
    "models",
    "deliver",
    "verify",
    "llm",
    "demo",
]
DS = "2017-10-31"
RUNNER = CliRunner()


def lsif(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    program = "from lsif.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        env={**os.environ, "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def cpu_seconds_of(run: Callable[[], object]) -> float:
    """CPU seconds that the processes which `run` starts and waits for take."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_quick_complete_and_teaches_by_example() -> None:
    libraries = [sys.executable, "-c", "import typer.rich_utils, pydantic"]
    floor = min(cpu_seconds_of(lambda: subprocess.run(libraries, check=True)) for _ in range(3))
    assert min(cpu_seconds_of(lambda: lsif("--help")) for _ in range(3)) < 4 * floor  # 2 to 3 on any machine
    done = lsif("--help")
    assert all(re.search(rf"│ {command} ", done.stdout) for command in COMMANDS)
    assert "lsif trigger --ds 2017-10-31" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys, lsif.cli; print([m for m in ('torch','pyspark','mlflow','pyarrow','httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("trigger", "--ds", "2017-02-30"), "'2017-02-30' is not a day (YYYY-MM-DD)"),
        (("train", "--ds", "monday"), "'monday' is not a day (YYYY-MM-DD)"),
        (("backfill", "--from", "2017-11-02", "--to", "2017-11-01"), "--from 2017-11-02 is after --to 2017-11-01"),
        (("cascade", "--ds", "2017-02-30"), "'2017-02-30' is not a day (YYYY-MM-DD)"),
        (("cascade", "--ds", DS), "run `lsif up`"),
        (("cascade", "--accept", "max_drop", "--reason", "r"), "say which with --ds"),
        (("backfill", "--from", DS, "--to", DS, "--accept", "max_drop"), "say why with --reason"),
        (("trigger", "--ds", DS, "--accept", "max_drop"), "say why with --reason"),
        (("trigger", "--ds", DS, "--accept", "x", "--reason", "r"), "--accept x: there is no such check"),
        (("promote", "3", "--force"), "--force wants a --reason"),
        (("promote", "banana"), "'banana' is not a version number"),
        (("trigger", "--ds", DS), "run `lsif up`"),
        (("models",), "run `lsif up`"),
        (("verify", "--ds", DS), f"no list is published for {DS}: run `lsif trigger --ds"),
        (("verify", "--ds", "monday"), "'monday' is not a day (YYYY-MM-DD)"),
        (("env",), "run `lsif up`"),
    ],
)
def test_what_a_person_can_mend_is_one_line(words: tuple[str, ...], line: str, home: Path) -> None:
    done = lsif(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert line in done.stderr
    assert done.stderr.count("\n") == 1


def test_with_nothing_up_status_says_so_and_down_is_no_error(home: Path) -> None:
    assert lsif("status").returncode == 1
    assert lsif("status").stdout.count("not running") == 6
    assert lsif("down").stdout == "nothing was running\n"


@pytest.fixture
def published(tables: Tables) -> Tables:
    """Two days of lists of one user, and a catalogue."""
    for ds, item in [("2017-10-30", "i1"), (DS, "i2")]:
        row = dict.fromkeys(tables.schema("recommendations").names)
        row |= {"user_id": "007", "rank": 1, "item_id": item, "score": 1.25, "alpha": 0.5, "list": "for_you"}
        row |= {"model_version": "3", "reason_code": "repeat"}
        write(tables, "recommendations", ds, [row, row | {"user_id": "none", "model_version": "none"}])
    blank = dict.fromkeys(tables.schema("items").names)
    write(
        tables,
        "items",
        "2017-01-01",
        [blank | {"item_id": "i1", "title": "Milk"}, blank | {"item_id": "i2", "title": "Tea"}],
    )
    return tables


def write(tables: Tables, name: str, ds: str, rows: list[dict[str, Any]]) -> None:
    writer = tables.writer(name)
    writer.write(ds, pa.Table.from_pylist(rows, tables.schema(name)))
    writer.commit()


def test_recs_shows_a_list_with_titles_and_says_of_which_day(published: Tables) -> None:
    newest = lsif("recs", "007").stdout
    assert "user 007, ds=2017-10-31, model version 3" in newest
    assert re.search(r"1 +i2 +Tea +1\.250 +0\.500 +repeat", newest)
    assert "Milk" in lsif("recs", "007", "--ds", "2017-10-30").stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("7",), "user '7' has no list on ds=2017-10-31"),
        (("none", "--only", "long"), "was scored without a model: nothing tells long from short interest"),
        (("007", "--ds", "2017-10-29"), "no list is published for 2017-10-29"),
        (("007", "--ds", "2017-13-01"), "is not a day"),
    ],
)
def test_recs_knows_who_and_when_it_does_not_know(words: tuple[str, ...], line: str, published: Tables) -> None:
    done = lsif("recs", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert line in done.stderr


ODD = {"user_id": "-7 [x]", "list": "for_you", "rank": 1, "item_id": "[bun]", "score": 1.25, "model_version": "3"}
LONG = "i" * 300


@pytest.fixture
def odd(tables: Tables) -> Tables:
    """Ids and titles that mean something to a screen or to a command line."""
    blank = dict.fromkeys(tables.schema("recommendations").names)
    write(tables, "recommendations", DS, [blank | ODD, blank | ODD | {"rank": 2, "item_id": LONG}])
    blank = dict.fromkeys(tables.schema("items").names)
    titles = {"[bun]": "Tea [organic] [/1l] [red]", LONG: "Two\nlines"}
    write(tables, "items", DS, [blank | {"item_id": item, "title": title} for item, title in titles.items()])
    return tables


def test_signs_stay_as_they_are_and_in_a_pipe_a_row_is_a_line(odd: Tables) -> None:
    done = lsif("recs", "-7 [x]", COLUMNS="60")
    lines = done.stdout.splitlines()
    assert lines[0] == f"user -7 [x], ds={DS}, model version 3"
    assert "[bun]" in lines[2] and "Tea [organic] [/1l] [red]" in lines[2]
    assert LONG in lines[3] and "Two lines" in lines[3]
    assert len(lines) == 4


def test_on_a_terminal_nothing_is_lost_either(odd: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(console, "_width", 70)
    with console.capture() as captured:
        show_rows("[red]", ["item_id", "title"], [{"item_id": LONG, "title": "[/1l]"}])
    assert captured.get().count("i") == 300 + "item_id title".count("i")
    assert "[/1l]" in captured.get() and "[red]" in captured.get()


def test_rows_for_programs_are_whole(odd: Tables) -> None:
    rows = json.loads(lsif("recs", "-7 [x]", "--json").stdout)
    assert [(row["item_id"], row["title"]) for row in rows] == [
        ("[bun]", "Tea [organic] [/1l] [red]"),
        (LONG, "Two\nlines"),
    ]
    assert {"model_version", "recommendation_id", "ds"} <= rows[0].keys()
    read = list(csv.DictReader(io.StringIO(lsif("recs", "--csv", "-7 [x]").stdout)))
    assert (read[1]["item_id"], read[1]["title"], read[1]["score"]) == (LONG, "Two\nlines", "1.25")
    assert "--json or --csv, not both" in lsif("recs", "-7 [x]", "--csv", "--json").stderr
    assert json.loads(lsif("stale", "--json").stdout) == []
    assert lsif("stale", "--csv").stdout == "step,ds,because\n"
    parts = json.loads(lsif("status", "--json").stdout)
    assert len(parts) == 6 and not any(part["alive"] for part in parts)


def test_recs_with_nothing_published_says_what_to_do(home: Path) -> None:
    assert "no list is published for any day: run `lsif trigger --ds ...`" in lsif("recs", "007").stderr


class FakeAirflow:
    """Answers like the client, and remembers what it was asked for."""

    def __init__(self, state: str = "success") -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.versions: list[str] = []
        self.works: Callable[[], object] = lambda: None
        self.state = state

    def trigger(self, *asked: Any) -> dict[str, Any]:
        self.asked.append(("trigger", *asked))
        return {"dag_id": asked[0], "dag_run_id": "r1", "partition_key": asked[1], "conf": asked[2], "state": "queued"}

    def wait_for_run(self, run: dict[str, Any], watch: Progress) -> dict[str, Any]:
        watch(run, [self.task(run, "running", None)])
        watch(run, [self.task(run, "running", None)])
        self.works()
        ended = {**run, "state": self.state}
        watch(ended, [self.task(run, self.state, 1.5)])
        return ended

    def backfill(self, *asked: Any) -> dict[str, Any]:
        self.asked.append(("backfill", *asked))
        return {"id": 1}

    def wait_for_backfill(self, backfill: dict[str, Any], watch: Progress) -> list[dict[str, Any]]:
        return [self.wait_for_run(self.trigger("lsif_nightly", DS, {}), watch)]

    def tasks(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        return [self.task(run, self.state, 1.5)]

    def log(self, task: dict[str, Any]) -> str:
        return "Output:\nversion 3 is champion\nCommand exited with return code 0\n::endgroup::"

    def page(self, run: dict[str, Any]) -> str:
        return "http://127.0.0.1:8080/dags/x/runs/r1"

    @staticmethod
    def task(run: dict[str, Any], state: str, duration: float | None) -> dict[str, Any]:
        return {"task_id": "one", "state": state, "duration": duration, "dag_id": run["dag_id"], "try_number": 1}


@pytest.fixture
def airflow(home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    fake = FakeAirflow()
    monkeypatch.setattr(services, "airflow_client", lambda home: fake)
    monkeypatch.setattr(lookup, "check_version", fake.versions.append)
    return fake


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["trigger", "--ds", DS], ("trigger", "lsif_nightly", DS, {"force": False})),
        (
            ["trigger", "--ds", DS, "--force", "--model", "7"],
            ("trigger", "lsif_nightly", DS, {"force": True, "model": "7"}),
        ),
        (
            ["backfill", "--from", "2017-11-01", "--to", "2017-11-07", "--force"],
            ("backfill", "lsif_nightly", "2017-11-01", "2017-11-07", {"force": True}),
        ),
        (
            ["backfill", "--from", DS, "--to", DS, "--accept", "max_drop", "--reason", "r"],
            ("backfill", "lsif_nightly", DS, DS, {"force": False, "accept": "max_drop", "reason": "r"}),
        ),
        (
            ["cascade", "--ds", DS, "--accept", "max_drop", "--reason", "r"],
            ("trigger", "lsif_nightly", DS, {"accept": "max_drop", "reason": "r"}),
        ),
        (
            ["trigger", "--ds", DS, "--accept", "max_drop", "--accept", "min_match", "--reason", "r"],
            ("trigger", "lsif_nightly", DS, {"force": False, "accept": "max_drop,min_match", "reason": "r"}),
        ),
        (
            ["train", "--ds", DS, "--force-reason", "first"],
            ("trigger", "lsif_training", DS, {"force": False, "force_reason": "first"}),
        ),
        (
            ["promote", "3", "--reason", "r"],
            ("trigger", "lsif_promotion", None, {"action": "promote", "force": False, "version": "3", "reason": "r"}),
        ),
        (["rollback"], ("trigger", "lsif_promotion", None, {"action": "rollback"})),
        (
            ["trigger", "--ds", DS, "--model", "as_of"],
            ("trigger", "lsif_nightly", DS, {"force": False, "model": "as_of"}),
        ),
    ],
)
def test_a_command_asks_airflow_for_one_thing(airflow: FakeAirflow, words: list[str], asked: tuple[Any, ...]) -> None:
    done = RUNNER.invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    assert airflow.asked[0] == asked
    assert airflow.versions == [word for word in words if word.isdecimal()], "looked up before a run is spent"


def test_a_night_says_what_its_steps_did(airflow: FakeAirflow, tables: Tables) -> None:
    line = dict.fromkeys(tables.schema("runs").names) | {"seq": 1, "run_id": "r", "step": "before", "ds": DS}
    tables.append("runs", pa.Table.from_pylist([line], schema=tables.schema("runs")))
    assert f"ds={DS}: nothing to do" in RUNNER.invoke(cli.app, ["trigger", "--ds", DS]).output
    lost = {**line, "seq": 2, "step": "ingest_events", "status": "failed", "seconds": 1.0, "note": "no file"}
    done = {**lost, "seq": 3, "status": "done", "rows_in": 12, "duplicates": 0, "quarantined": 2, "note": "as told"}
    ran = pa.Table.from_pylist([lost, done, {**done, "seq": 4, "ds": "2017-11-01"}], schema=tables.schema("runs"))
    airflow.works = lambda: tables.append("runs", ran)
    said = RUNNER.invoke(cli.app, ["train", "--ds", DS]).output.splitlines()[2:]
    assert said == [
        "ingest_events: failed, no file in 1.0 s",
        "ingest_events: 12 rows in, 2 quarantined, as told in 1.0 s",
    ]


def test_a_run_that_fails_ends_with_code_1(airflow: FakeAirflow) -> None:
    airflow.state = "failed"
    assert RUNNER.invoke(cli.app, ["trigger", "--ds", DS]).exit_code == 1


def test_progress_prints_each_change_once_and_a_failure_its_reason() -> None:
    airflow: Any = FakeAirflow("failed")
    with console.capture() as captured:
        run = airflow.wait_for_run(airflow.trigger("lsif_nightly", DS, {}), Progress())
        assert show_failures(airflow, [run])
    lines = [line.split() for line in captured.get().splitlines()]
    assert lines[0] == [DS, "running", "one"]
    assert lines[1] == [DS, "failed", "one", "1.5", "s"]
    assert " ".join(lines[2]) == f"{DS} one failed: version 3 is champion"
    assert lines[3][-1] == "http://127.0.0.1:8080/dags/x/runs/r1"


def test_the_last_word_of_a_log_is_the_job_s() -> None:
    assert (
        said_last("Output:\nno file for the day\nCommand exited with return code 2\n::endgroup::\n")
        == "no file for the day"
    )
    assert said_last("AirflowFailException: This run has no day\n") == "AirflowFailException: This run has no day"
    assert said_last("") == "(it said nothing)"


def test_nobody_at_the_address_is_one_line_that_says_what_to_do() -> None:
    with pytest.raises(LsifError, match=r"Airflow does not answer at http://127.0.0.1:9.*run `lsif up`"):
        Airflow("http://127.0.0.1:9", "admin", "x")


def answering(*codes: int) -> Airflow:
    """A client whose server gives these answers, one after the other."""
    left = iter(codes)
    airflow = Airflow.__new__(Airflow)
    transport = httpx.MockTransport(lambda request: httpx.Response(next(left), json={"detail": "Database error"}))
    airflow._http = httpx.Client(base_url="http://airflow", transport=transport)
    return airflow


def test_a_server_error_is_asked_again_when_nothing_but_reading_was_wanted() -> None:
    assert answering(500, 200)._ask("GET", "/x") == {"detail": "Database error"}
    with pytest.raises(LsifError, match="500 Database error"):
        answering(500, 200)._ask("POST", "/x")
    with pytest.raises(LsifError, match="404 Database error"):
        answering(404)._ask("GET", "/x")
