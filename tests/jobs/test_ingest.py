"""Deliveries through the jobs: counted to the row, replaced by day, refused in one line with nothing written."""

from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lsif.bounds import Rules
from lsif.interests.catalogue import judged_products
from lsif.interests.listed import Listed
from lsif.sources import Catalogue
from lsif.tables import Tables
from tests.jobs.conftest import Run, counts, deliver, last

D1, D2, D3 = "2017-03-11", "2017-03-12", "2017-03-13"


def ids(tables: Tables, ds: str) -> list[str]:
    return sorted(tables.read("events", [ds])["event_id"].to_pylist())


def test_a_broken_day_is_counted_to_the_row(run: Run, home: Path, tables: Tables) -> None:
    deliver(home, D1, f"1,u,7,purchase,{D1}T10:00:00Z")
    run("ingest_events", "--ds", D1)
    deliver(
        home,
        D2,
        f"1,u,7,purchase,{D1}T10:00:00Z",  # delivered again
        f"2,u,7,purchase,{D2}T10:00:00Z",
        f"2,u,7,purchase,{D2}T10:00:00Z",
        f"3,u,7,wink,{D2}T10:00:00Z",
        f"4,,7,purchase,{D2}T10:00:00Z",
        "5,u,7,purchase,sometime",
        f"6,u,7,purchase,{D3}T00:00:00Z",
        "7,u,7",
        f"8,u,7,purchase,{D1}T10:00:00Z",  # late, and welcome
    )
    said = run("ingest_events", "--ds", D2)
    assert "9 rows in, 2 out, 2 duplicates, 5 quarantined, rules broken: future 1 (day_zone" in said
    assert counts(last(tables, "ingest_events")) == (9, 2, 2, 5)
    assert ids(tables, D2) == ["2", "8"]
    rules = Counter(tables.read("quarantine", [D2])["rule"].to_pylist())
    assert rules == Counter(["unknown_type", "missing_id", "unparseable_time", "future", "unreadable"])
    rows = tables.read("quarantine", [D2]).to_pylist()
    assert {row["file"] for row in rows} == {f"landing/shop/{D2}.csv"}
    lines = {row["rule"]: row["line"] for row in rows}
    assert lines == {"unknown_type": 5, "missing_id": 6, "unparseable_time": 7, "future": 8, "unreadable": 9}


def test_unchanged_deliveries_are_no_work_and_a_day_that_grew_is_replaced(run: Run, home: Path, tables: Tables) -> None:
    rows = [f"{number},u,7,purchase,{D1}T10:00:00Z" for number in range(5)]
    deliver(home, D1, *rows[:3])
    run("ingest_events", "--ds", D1)
    assert "nothing to do" in run("ingest_events", "--ds", D1)
    for lines in (rows, rows[1:3]):
        deliver(home, D1, *lines)
        before = len(ids(tables, D1))
        assert f"delivered again: {before} events before, {len(lines)} now" in run("ingest_events", "--ds", D1)
        assert ids(tables, D1) == [row[0] for row in lines]


def test_the_same_day_twice_leaves_equal_rows_and_other_days_alone(run: Run, home: Path, tables: Tables) -> None:
    for ds in (D1, D2):
        deliver(home, ds, *(f"{ds}-{number},u{number},7,purchase,{ds}T10:00:00Z" for number in range(4)))
        run("ingest_events", "--ds", ds)
    before = tables.content_hash("events", D1), tables.fingerprint("events", D2)
    run("ingest_events", "--ds", D1, "--force")
    assert (tables.content_hash("events", D1), tables.fingerprint("events", D2)) == before


def test_an_empty_day_is_there_and_empty(run: Run, home: Path, tables: Tables) -> None:
    deliver(home, D1)
    run("ingest_events", "--ds", D1)
    (home / "landing" / "shop" / f"{D2}.csv.empty").touch()
    run("ingest_events", "--ds", D2)
    assert tables.days("events") == [D1, D2]
    assert tables.read("events").num_rows == 0


def test_what_cannot_be_trusted_leaves_nothing_behind(run: Run, home: Path, tables: Tables) -> None:
    path = home / "landing" / "shop" / f"{D1}.csv"
    assert f"nothing was delivered at {path}" in run("ingest_events", "--ds", D1, code=2)
    path.parent.mkdir(parents=True)
    path.write_text("id,user,item,type,moment\n")
    assert "has no column time; it has id, user, item, type, moment" in run("ingest_events", "--ds", D1, code=2)
    assert "is not a day" in run("ingest_events", "--ds", "2017-02-30", code=2)
    assert not (home / "tables").exists()


def test_a_night_refuses_a_source_that_is_one_file_for_all_days(run: Run, home: Path) -> None:
    config = home / "shop.toml"
    config.write_text(config.read_text().replace("{ds}", "all"))
    assert "sources.shop.path names no day" in run("ingest_events", "--ds", D1, code=2)


def test_the_catalogue_is_stored_when_it_changes(run: Run, home: Path, tables: Tables) -> None:
    path = home / "landing" / "items.csv"
    deliver(home, D1, f"1,,7,purchase,{D1}T10:00:00Z", f"2,u,7,purchase,{D1}T10:00:00Z")
    path.write_text("id,title,category\n7,Tea,drinks\n007,Milk,\n,Nameless,\n7,Tea again,drinks\n")
    assert "1 quarantined, rules broken: missing_id 1" in run("ingest_items", "--ds", D1)
    assert counts(last(tables, "ingest_items")) == (4, 2, 1, 1)
    run("ingest_events", "--ds", D1)
    assert sorted(tables.read("quarantine", [D1])["source"].to_pylist()) == ["catalogue", "shop"]
    run("ingest_items", "--ds", D1, "--force")
    found = [(row["source"], row["file"], row["line"]) for row in tables.read("quarantine", [D1]).to_pylist()]
    assert sorted(found) == [("catalogue", "landing/items.csv", 4), ("shop", f"landing/shop/{D1}.csv", 2)]

    assert f"the catalogue is that of {D1}" in run("ingest_items", "--ds", D2)
    path.write_text("id,title,category\n7,Tea,drinks\n8,Bread,food\n")
    run("ingest_items", "--ds", D3)
    assert tables.days("items") == [D1, D3]
    assert tables.read("items", [D3])["item_id"].to_pylist() == ["7", "8"]


def test_a_catalogue_that_was_read_before_is_not_read_again(
    run: Run, home: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "landing" / "items.csv"
    path.parent.mkdir()
    path.write_text("id,title,category\n7,Tea,drinks\n8,Milk,\n7,Tea again,drinks\n")
    run("ingest_items", "--ds", D1)
    read: list[str] = []

    def reading(spark: SparkSession, catalogue: Catalogue, path: str, rules: Rules) -> Listed:
        read.append(path)
        return judged_products(spark, catalogue, path, rules)

    monkeypatch.setattr("lsif.interests.catalogue.judged_products", reading)
    first = counts(last(tables, "ingest_items"))
    assert f"the catalogue is that of {D1}" in run("ingest_items", "--ds", D2)
    assert (read, counts(last(tables, "ingest_items"))) == ([], first) == ([], (3, 2, 1, 0))
    run("ingest_items", "--ds", D2, "--force")
    assert len(read) == 1, "whoever forces a run wants the file read"
    path.write_text("id,title,category\n7,Tea,drinks\n,Nameless,\n")
    run("ingest_items", "--ds", D2)
    run("ingest_items", "--ds", D3)
    assert len(read) == 3, "another content, and one with a rejected row, which D3 must hold as well"
    assert tables.rows("quarantine", D2)[D3] == 1
