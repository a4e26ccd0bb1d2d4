"""A user is erased: hidden at once, purged to the byte, with a receipt; and models that learned from them run out."""

import json
import sqlite3
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.privacy.erased import ask, undo
from lsif.privacy.keys import erasure_key, pseudonym
from lsif.stale import TRAINING_STEPS, stale_steps
from lsif.tables import Tables
from tests.privacy.bytes_of import files_naming
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop

PLANTED, OTHER = "u007", "u008"


def lsif(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    if isinstance(done.exception, Exception) and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def fresh(made: Shop) -> Tables:
    """As the next job opens the tables."""
    return Tables(made.settings.tables)


def users_of(tables: Tables, name: str) -> set[str]:
    return set(tables.read(name, columns=["user_id"])["user_id"].to_pylist())


@pytest.fixture
def planted(erasing: Shop) -> Shop:
    """After a night that went everywhere: lists, a database, rejected rows, sentences, a log, a page, a lost file."""
    raw = [json.dumps({"id": "e1", "user": one, "item": "", "time": "?"}) for one in (PLANTED, OTHER)]
    rejected = {"rule": ["missing_id"] * 3, "source": ["shop"] * 3, "raw": [*raw, f"x,{PLANTED},"]}
    plain(erasing, "quarantine", pa.table(rejected))
    note = f'3 rows were rejected: missing_id {{"user": "{PLANTED}"}}'
    verdict = {"step": "ingest_events", "check": "max_quarantined", "value": 0.1, "bound": 0.0, "verdict": "fail"}
    checks = erasing.tables.read("checks", [shop.DS]).drop_columns("ds").to_pylist()
    plain(
        erasing, "checks", pa.Table.from_pylist([*checks, {**verdict, "note": note}], erasing.tables.schema("checks"))
    )
    erasing.tables.writer("events").write(NEXT_DAY, erasing.tables.read("events", [shop.DS]).drop_columns("ds"))
    for file in ("logs/airflow.log", "airflow/logs/a/b.log"):
        (erasing.home / file).parent.mkdir(parents=True, exist_ok=True)
        (erasing.home / file).write_text(f"before\nrejected: user {PLANTED}, and {PLANTED}x\nafter\n")
    (erasing.home / "reports").mkdir()
    for ds in (shop.DS, NEXT_DAY):
        (erasing.home / f"reports/{ds}.html").write_text("ten users, one of them the planted one")
    (erasing.home / "landing/shop").mkdir(parents=True)
    for ds, user in ((shop.DS, PLANTED), (NEXT_DAY, OTHER)):
        (erasing.home / f"landing/shop/{ds}.csv").write_text(f"id,user,item,type,time\n1,{user},i001,purchase,{ds}\n")
    return erasing


def plain(made: Shop, name: str, rows: pa.Table) -> None:
    writer = made.tables.writer(name)
    writer.write(shop.DS, rows)
    writer.commit()


def test_a_user_on_the_list_is_seen_by_no_reader(erasing: Shop) -> None:
    before = {name: fresh(erasing).content_hash(name, shop.DS) for name in ("events", "recent_windows")}
    days = fresh(erasing).days("events")
    everybody = users_of(fresh(erasing), "events")
    assert PLANTED in everybody
    (who,) = ask(fresh(erasing), [PLANTED], shop.DS, 30, ["1"])
    assert who == pseudonym(erasure_key(), PLANTED)
    tables = fresh(erasing)
    assert users_of(tables, "events") == everybody - {PLANTED}
    rows = [one for ds, one in tables.by_day("events", days, ["user_id"])]
    assert set(pa.concat_tables(rows)["user_id"].to_pylist()) == everybody - {PLANTED}
    windows = pa.concat_tables(tables.row_groups("recent_windows", shop.DS, ["events"]))
    assert windows.column_names == ["events", "ds"]
    assert len(windows) == tables.rows("recent_windows")[shop.DS] - 1
    by_user = tables.by_user("long_term_histories", [shop.DS], ["user_id", "items"])
    assert PLANTED not in by_user.users().to_pylist()
    assert by_user.of(pa.array([PLANTED, OTHER]))["user_id"].to_pylist() == [OTHER]
    assert tables.pinned().read("events", filter=pc.field("user_id") == PLANTED).num_rows == 0
    undo(fresh(erasing), [PLANTED], shop.DS)
    assert {name: fresh(erasing).content_hash(name, shop.DS) for name in before} == before


def test_after_the_purge_no_byte_names_the_user_and_nothing_else_has_changed(planted: Shop) -> None:
    names = ["events", "long_term_histories", "recent_windows", "user_tiles", "recommendations", "item_tiles"]
    wanted = {name: without(planted.tables, name) for name in names}
    assert len(files_naming(planted.home, PLANTED)) > 40
    assert "users are erased as of" in lsif("erase", PLANTED, "--ds", shop.DS)
    planted.run("erase")
    naming = files_naming(planted.home, PLANTED)
    assert naming == ["airflow/logs/a/b.log", f"landing/shop/{shop.DS}.csv", "logs/airflow.log"]
    text = f"before\nrejected: user {'*' * len(PLANTED)}, and {PLANTED}x\nafter\n"
    assert all((planted.home / file).read_text() == text for file in (naming[0], naming[2])), "another id begins alike"
    tables = fresh(planted)
    for name, rows in wanted.items():
        if name != "item_tiles":
            assert same(tables.read(name), rows), name
    tiles, events = tables.read("item_tiles"), tables.read("events")
    assert pc.sum(tiles["events"]).as_py() == len(events) < pc.sum(wanted["item_tiles"]["events"]).as_py()
    assert tables.read("quarantine", [shop.DS])["raw"].to_pylist() == [
        json.dumps({"id": "e1", "user": OTHER, "item": "", "time": "?"})
    ]
    assert '{"user": "****"}' in str(tables.read("checks", [shop.DS])["note"].to_pylist())
    assert {one.step for one in stale_steps(tables)} <= set(TRAINING_STEPS)
    with sqlite3.connect(planted.home / "lists.db") as connection:
        there = {user for (user,) in connection.execute("SELECT DISTINCT user_id FROM lists")}
    assert there == users_of(tables, "recommendations")
    planted.run("erase")
    assert "nothing to do" in planted.run("erase")


def without(tables: Tables, name: str) -> pa.Table:
    rows = tables.read(name)
    return rows.filter(pc.field("user_id") != PLANTED) if "user_id" in rows.column_names else rows


def same(one: pa.Table, other: pa.Table) -> bool:
    def rows(table: pa.Table) -> list[Any]:
        return sorted(map(str, table.to_pylist()))

    return rows(one) == rows(other)
