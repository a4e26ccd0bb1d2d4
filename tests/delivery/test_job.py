"""The job: from `recommendations` to several databases, once, forward, and each on its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import valkey
from typer.testing import CliRunner

from lsif import cli
from lsif.delivery import each
from lsif.errors import LsifError, OutageError, Superseded
from lsif.privacy.erased import ask
from lsif.stale import stale_steps
from lsif.tables import Tables
from tests.away import away
from tests.conftest import SHOP
from tests.delivery.conftest import Lists, Target, made
from tests.scripts import JOBS, run_job

FRIDAY, SATURDAY = "2017-10-27", "2017-10-28"
JOB = str(JOBS / "deliver.py")
Run = Callable[..., str]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, code: int = 0) -> str:
        return run_job(monkeypatch, capsys, "deliver", *arguments, code=code)

    return run


@pytest.fixture
def shops(home: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, Target]]:
    """A file of SQLite for one list and one column, and a cache for everything; both in the configuration."""
    found = {name: made(kind, request, home) for name, kind in (("file", "sqlite"), ("site", "redis"))}
    configure(home, found)
    yield found


def configure(home: Path, found: dict[str, Target], **urls: str) -> None:
    text = SHOP
    for name, target in found.items():
        own = target.destination
        url = urls.get(name, own.url)
        text += f'[deliver.{name}]\nto = "{own.to}"\nurl = "{url}"\n'
        text += f'prefix = "{own.prefix}"\n' if own.to == "redis" else f'table = "{own.table}"\nlists = ["for_you"]\n'
    (home / "shop.toml").write_text(text)


def publish(tables: Tables, ds: str, users: int, item: str = "i") -> None:
    blank = dict.fromkeys(tables.schema("recommendations").names)
    rows = [
        blank | {"list": name, "user_id": f"u{user}", "rank": rank, "item_id": f"{item}{rank}", "score": 1.0}
        for name in ("for_you", "discover")
        for user in range(users)
        for rank in (1, 2)
    ]
    writer = tables.writer("recommendations")
    writer.write(ds, pa.Table.from_pylist(rows, tables.schema("recommendations")))
    writer.commit()


def expected(ds: str, users: int, *names: str, item: str = "i") -> Lists:
    return {(name, f"u{user}"): [f"{ds} {item}1", f"{ds} {item}2"] for name in names for user in range(users)}


def ledger(tables: Tables) -> list[tuple[str, str, int | None, str]]:
    rows = tables.read("runs").sort_by("seq").to_pylist()
    return [(row["step"], row["status"], row["rows_out"], row["note"]) for row in rows]


def test_a_day_goes_everywhere_once_and_again_when_its_lists_change(
    run: Run, shops: dict[str, Target], tables: Tables
) -> None:
    publish(tables, FRIDAY, 3)
    run("--ds", FRIDAY)
    assert shops["file"].lists() == expected(FRIDAY, 3, "for_you")
    assert shops["site"].lists() == expected(FRIDAY, 3, "for_you", "discover")
    assert ledger(tables) == [
        ("deliver to file", "done", 6, "load 1 is live"),
        ("deliver to site", "done", 12, "load 1 is live"),
    ]
    assert run("--ds", FRIDAY).count("nothing to do") == 2
    publish(tables, FRIDAY, 2, "j")
    assert not stale_steps(tables), "the night that makes other lists delivers them; nobody else may be left to"
    run("--ds", FRIDAY)
    assert shops["file"].lists() == expected(FRIDAY, 2, "for_you", item="j")
    assert run("--ds", FRIDAY, "--to", "site", "--force").count("load 3 is live") == 1


def test_a_backfill_leaves_what_is_newer_and_a_person_may_go_back(
    run: Run, shops: dict[str, Target], tables: Tables
) -> None:
    for ds in (FRIDAY, SATURDAY):
        publish(tables, ds, 2)
    run("--ds", SATURDAY)
    assert f"not delivered: the lists of {SATURDAY} are live, and newer" in run("--ds", FRIDAY, "--force")
    assert "nothing to do" in run("--ds", FRIDAY)
    assert run("--ds", FRIDAY, "--back").count("is live in") == 2
    assert shops["site"].lists() == expected(FRIDAY, 2, "for_you", "discover")
    assert run("--ds", SATURDAY).count("nothing to do") == 2, "what was taken back stays so"
    assert run("--ds", SATURDAY, "--force").count("is live") == 2


def test_who_is_erased_is_in_no_lists_that_are_delivered_from_then_on(
    run: Run, shops: dict[str, Target], tables: Tables
) -> None:
    publish(tables, FRIDAY, 3)
    run("--ds", FRIDAY)
    ask(tables, ["u1"], FRIDAY, 30, [])
    publish(tables, SATURDAY, 3)
    run("--ds", SATURDAY)
    for target in shops.values():
        assert {user for _, user in target.lists()} == {"u0", "u2"}


def test_what_was_lost_there_is_delivered_again(run: Run, shops: dict[str, Target], tables: Tables, home: Path) -> None:
    publish(tables, FRIDAY, 2)
    run("--ds", FRIDAY)
    (home / "lists.db").unlink()
    assert run("--ds", FRIDAY).count("nothing to do") == 1
    assert shops["file"].lists() == expected(FRIDAY, 2, "for_you")


def test_one_that_is_away_holds_up_no_other_and_is_told_without_its_password(
    run: Run, shops: dict[str, Target], tables: Tables, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tables, FRIDAY, 2)
    monkeypatch.setenv("WORD", "hush-hush")
    with away("refused") as address:
        place = address.removeprefix("http://")
        both = {"away": shops["site"], **shops}
        configure(home, both, away=f"redis://:${{WORD}}@{place}/0")
        said = run("--ds", FRIDAY, code=75)
    assert f"deliver.py: away (redis://:${{WORD}}@{place}/0" in said
    assert shops["file"].lists() and shops["site"].lists()
    notes = ledger(tables)
    assert [status for _, status, *_ in notes] == ["failed", "done", "done"] and "hush" not in said + str(notes)


def test_of_several_failures_an_outage_counts_first_and_all_are_told() -> None:
    failing: dict[str, LsifError] = {"a": LsifError("bad"), "b": OutageError("away"), "c": Superseded("late")}

    def fail(name: str) -> None:
        raise failing[name]

    for names, kind in (("abc", OutageError), ("ac", LsifError), ("c", Superseded)):
        with pytest.raises(LsifError) as told:
            each(names, fail)
        assert type(told.value) is kind and str(told.value).count(";") == len(names) - 1


def test_what_cannot_be_delivered_is_one_line(run: Run, shops: dict[str, Target], tables: Tables, home: Path) -> None:
    assert "table recommendations lacks 2017-10-27" in run("--ds", FRIDAY, code=2)
    publish(tables, FRIDAY, 0)
    assert "the lists of ds=2017-10-27 hold no row in for_you: nothing was delivered" in run("--ds", FRIDAY, code=2)
    assert "the configuration has no [deliver.other]; there are: file, site" in run(
        "--ds", FRIDAY, "--to", "other", code=2
    )
    (home / "shop.toml").write_text(SHOP)
    assert "the configuration has no [deliver.NAME]; there are: none" in run("--ds", FRIDAY, code=2)


def test_the_command_delivers_and_shows_what_is_live(
    shops: dict[str, Target], tables: Tables, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    publish(tables, FRIDAY, 2)
    assert CliRunner().invoke(cli.app, ["deliver", "--ds", FRIDAY, "--to", "file"]).exit_code == 0
    assert "deliver to file ds=2017-10-27: 4 rows in, 4 out, load 1 is live" in capfd.readouterr().out
    found: list[dict[str, Any]] = json.loads(CliRunner().invoke(cli.app, ["deliver", "--status", "--json"]).output)
    assert [(row["name"], row["ds"], row.get("number"), row.get("rows")) for row in found] == [
        ("file", FRIDAY, 1, 4),
        ("site", "nothing yet", None, None),
    ]
    assert "say a day with --ds" in str(CliRunner().invoke(cli.app, ["deliver"]).exception)


def test_lists_beside_items_go_to_places_of_their_own(
    run: Run, shops: dict[str, Target], tables: Tables, home: Path
) -> None:
    text = SHOP + "[item_lists]\nsimilar_items = {}\ntaken_together = {}\n"
    text += f'[deliver.lists]\nto = "sql"\nurl = "{shops["file"].destination.url}"\n'
    text += f'[deliver.alike]\nof = "similar_items"\nto = "sql"\nurl = "{shops["file"].destination.url}"\n'
    text += f'[deliver.with]\nof = "taken_together"\nto = "redis"\nurl = "{shops["site"].destination.url}"\n'
    (home / "shop.toml").write_text(text)
    for ds, other in ((FRIDAY, "b"), (SATURDAY, "c")):
        for name, counts in (("similar_items", {}), ("taken_together", {"users": 7, "baskets": 9})):
            blank = dict.fromkeys(tables.schema(name).names)
            rows = [
                blank | counts | {"item_id": item, "rank": rank, "other_item_id": f"{other}{rank}", "score": 1 / rank}
                for item in ("a:1", "a")
                for rank in (1, 2)
            ]
            writer = tables.writer(name)
            writer.write(ds, pa.Table.from_pylist(rows, tables.schema(name)))
            writer.commit()
        run("--ds", ds, "--lists-of", "items")
    assert "table recommendations lacks 2017-10-28" in run("--ds", SATURDAY, code=2), "those of users are missing"
    query = "SELECT item_id, rank, other_item_id, ds FROM similar_items ORDER BY item_id, rank"
    assert [tuple(row) for row in shops["file"].query(query)] == [
        (item, rank, f"c{rank}", SATURDAY) for item in ("a", "a:1") for rank in (1, 2)
    ]
    client = valkey.from_url(shops["site"].destination.url, decode_responses=True)
    live = client.get("lsif:taken_together:live")
    assert json.loads(client.get(f"lsif:taken_together:{live}:a:1")) == [
        {"rank": 1, "other_item_id": "c1", "score": 1.0, "users": 7},
        {"rank": 2, "other_item_id": "c2", "score": 0.5, "users": 7},
    ]
    assert sorted(client.keys(f"lsif:taken_together:{live}:*")) == [
        f"lsif:taken_together:{live}:{i}" for i in ("a", "a:1")
    ]
    found = json.loads(CliRunner().invoke(cli.app, ["deliver", "--status", "--json"]).output)
    assert [(row["name"], row["ds"]) for row in found] == [
        ("lists", "nothing yet"),
        ("alike", SATURDAY),
        ("with", SATURDAY),
    ]
    assert "no [deliver.with] for lists of users; there are: lists" in run(
        "--ds", FRIDAY, "--to", "with", "--lists-of", "users", code=2
    )


def test_a_job_killed_in_mid_load_leaves_the_old_lists(
    run: Run, shops: dict[str, Target], tables: Tables, home: Path
) -> None:
    """The real job, as a task runs it; the points are told apart by test_delivering."""
    publish(tables, FRIDAY, 2)
    run("--ds", FRIDAY)
    publish(tables, SATURDAY, 3)
    program = (
        "import os, runpy, sys; import lsif.delivery.sql_rows as rows; rows.BATCH = 3; insert = rows._insert\n"
        "def half(*given): insert(*given); given[0].commit(); os.kill(os.getpid(), 9)\n"
        f"rows._insert = half; sys.argv = [{JOB!r}, '--ds', '{SATURDAY}']; runpy.run_path({JOB!r}, run_name='__main__')"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert shops["file"].lists() == expected(FRIDAY, 2, "for_you") and shops["file"].stored() == {"1", "2"}
    assert shops["file"].query(f"SELECT count(*) FROM {shops['file'].destination.table}_2")[0][0] == 3
    run("--ds", SATURDAY)
    assert shops["file"].lists() == expected(SATURDAY, 3, "for_you") and shops["file"].stored() == {"1", "3"}
