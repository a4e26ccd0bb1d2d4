"""A user is erased: hidden at once, purged to the byte, with a receipt; and models that learned from them run out."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.errors import LsifError
from lsif.privacy import receipts
from lsif.privacy.erased import ask, learned, lines, undo
from lsif.privacy.erasure_key import erasure_key, pseudonym
from lsif.privacy.purge import purge
from lsif.stale import TRAINING_STEPS, stale_steps
from lsif.tables import Tables
from lsif.tables.erased import PURGED
from lsif.tables.kept import TRAINING, Kept
from lsif.tables.purging import Purging
from tests.delivery.conftest import Target, made, postgres_url, redis_url
from tests.privacy.bytes_of import contents, files_naming
from tests.privacy.conftest import version
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop

__all__ = ["postgres_url", "redis_url"]

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
    rejected |= {"file": [f"landing/shop/{shop.DS}.csv"] * 3, "line": [2, 3, 4]}
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
    assert len(files_naming(planted.home, PLANTED)) > 12
    assert "users are erased as of" in lsif("erase", PLANTED, "--ds", shop.DS)
    (folder := planted.home / "model").mkdir()
    (folder / "weights").write_text("learned")
    Kept(planted.tables.root, TRAINING).keep(folder, {"files": "a"})
    planted.run("erase")
    assert list(Path(planted.tables.root).glob(f"_kept/{TRAINING}/*")) == []
    naming = files_naming(planted.home, PLANTED)
    assert naming == ["airflow/logs/a/b.log", f"landing/shop/{shop.DS}.csv", "logs/airflow.log"]
    forms = (erasure_key(), erasure_key().hex().encode())
    files = [file for file in planted.home.rglob("*") if file.is_file()]
    holding = {file.name for file in files for text in contents(file) if any(form in text for form in forms)}
    assert holding == {"erasure.key"}
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


def test_the_purge_delivers_again_to_every_kind_of_place(
    erasing: Shop, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    places = {name: made(kind, request, tmp_path) for name, kind in (("marts", "postgresql"), ("cache", "redis"))}
    deliver_to(erasing.home, places)
    erasing.run("deliver", "--to", "marts")
    erasing.run("deliver", "--to", "cache")
    assert all(PLANTED in place.users() for place in places.values())
    lsif("erase", PLANTED, "--ds", shop.DS)
    erasing.run("erase")
    for place in places.values():
        assert place.users() == users_of(fresh(erasing), "recommendations") and PLANTED not in place.users()
    ((_, told),) = receipts.receipts(erasing.home)
    assert told["of_all_users_of_this_purge"]["databases_delivered_again"] == ["web", "marts", "cache"]


def deliver_to(home: Path, places: dict[str, Target]) -> None:
    """Also to these, as the configuration says it."""
    with (home / "shop.toml").open("a") as file:
        for name, place in places.items():
            of = place.destination
            where = f'prefix = "{of.prefix}"' if of.to == "redis" else f'table = "{of.table}"'
            file.write(f'[deliver.{name}]\nto = "{of.to}"\nurl = "{of.url}"\n{where}\n')


def without(tables: Tables, name: str) -> pa.Table:
    rows = tables.read(name)
    return rows.filter(pc.field("user_id") != PLANTED) if "user_id" in rows.column_names else rows


def same(one: pa.Table, other: pa.Table) -> bool:
    def rows(table: pa.Table) -> list[Any]:
        return sorted(map(str, table.to_pylist()))

    return rows(one) == rows(other)


def test_a_receipt_says_what_was_where_and_the_chain_holds(planted: Shop) -> None:
    old = version("2017-04-01")
    new = version(shop.DS)
    (planted.home / "ids.csv").write_text(f"name,user_id\nsomebody,{PLANTED}\nnobody,u999\n")
    rows = planted.tables.read("events", filter=pc.field("user_id") == PLANTED).num_rows
    lsif("erase", "--file", str(planted.home / "ids.csv"), "--ds", shop.DS)
    (planted.home / "ids.csv").unlink()
    assert set(learned(fresh(planted))) == {old, new}, "until a purge has looked"
    planted.run("erase", ds=NEXT_DAY)
    who = pseudonym(erasure_key(), PLANTED)
    told = json.loads((planted.home / f"receipts/{who}.json").read_text())
    assert (told["asked"], told["purged"], told["retrain_by"]) == (shop.DS, NEXT_DAY, NEXT_DAY)
    assert told["tables"]["events"]["rows"] == rows
    assert told["tables"]["events"]["files"] > told["tables"]["recent_windows"]["files"] > 0
    assert told["tables"]["quarantine"] == {"files": 1, "rows": 2}
    assert told["versions_that_learned"] == [new]
    others = told["of_all_users_of_this_purge"]
    assert others["landing_files_to_delete"] == [str(planted.home / f"landing/shop/{shop.DS}.csv")]
    assert others["databases_delivered_again"] == ["web"]
    assert learned(fresh(planted)) == {new: NEXT_DAY}
    assert PLANTED not in "".join(file.read_text() for file in (planted.home / "receipts").iterdir())
    assert "2 receipts, each as it was written" in lsif("receipts", "--verify")
    file = planted.home / f"receipts/{who}.json"
    whole = file.read_text()
    file.write_text(whole.replace('"rows": 2', '"rows": 1'))
    with pytest.raises(LsifError, match=r"not what it was when|has the hash of"):
        lsif("receipts", "--verify")
    file.unlink()
    with pytest.raises(LsifError, match="missing"):
        lsif("receipts", "--verify")


@pytest.mark.parametrize("at", ["commit", "delete"])
def test_a_purge_that_is_killed_is_run_again(planted: Shop, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    rows = planted.tables.read("events", filter=pc.field("user_id") == PLANTED).num_rows
    lsif("erase", PLANTED, "--ds", shop.DS)
    real = getattr(Purging, at)

    def killed(purging: Purging, *given: Any) -> Any:
        if purging.name == "events":
            raise KeyboardInterrupt
        return real(purging, *given)

    monkeypatch.setattr(Purging, at, killed)
    with pytest.raises(KeyboardInterrupt):
        purge(fresh(planted), planted.settings, shop.DS)
    monkeypatch.undo()
    again = Shop(planted.home, monkeypatch, planted.capture)
    again.run("erase")
    assert all("landing" in file or "logs" in file for file in files_naming(planted.home, PLANTED))
    ((_, told),) = receipts.receipts(planted.home)
    assert told["tables"]["events"]["rows"] == rows
    assert lines(fresh(planted))[-1]["status"] == PURGED
