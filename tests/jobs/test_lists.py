"""Catalogue and users through their jobs, and what the configuration may leave out or say of days."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lsif.interests.as_of import catalogue_at
from lsif.tables import Tables
from tests.jobs.conftest import Run, counts, deliver, last

D1, D2, D3 = "2017-03-11", "2017-03-12", "2017-03-13"


def configure(home: Path, old: str, new: str) -> None:
    config = home / "shop.toml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))


def test_users_have_a_door_of_their_own(run: Run, home: Path, tables: Tables) -> None:
    assert "has no [users]" in run("ingest_users", "--ds", D1, code=2)
    users = '[users]\npath = "landing/users/{ds}.csv"\nformat = "csv"\nfalse_values = "nein"\ntrue_values = "ja"\n'
    users += 'columns = { user_id = "id", opt_out = "no_lists", attributes = ["country", "age"] }\n'
    (home / "shop.toml").write_text((home / "shop.toml").read_text() + users)
    assert "nothing was delivered" in run("ingest_users", "--ds", D1, code=2)
    path = home / "landing" / "users" / f"{D1}.csv"
    path.parent.mkdir(parents=True)
    path.write_text(
        "id,no_lists,country,age\nann,ja,FR,\nbob,Nein,,31\ncy,perhaps,DE,7\ndi,,,\n,nein,FR,9\nann,nein,FR,1\n"
    )
    said = run("ingest_users", "--ds", D1)
    assert "6 rows in, 4 out, 1 duplicates, 1 quarantined, rules broken: missing_id 1" in said
    assert "cut or lost, rows kept: opt_out 1" in said
    rows = {row["user_id"]: (row["opt_out"], row["attributes"]) for row in tables.read("users").to_pylist()}
    assert rows == {
        "ann": (True, [{"name": "country", "value": "FR"}]),
        "bob": (False, [{"name": "age", "value": "31"}]),
        "cy": (True, [{"name": "country", "value": "DE"}, {"name": "age", "value": "7"}]),
        "di": (False, []),
    }
    assert tables.read("quarantine", [D1])["source"].to_pylist() == ["users"]
    assert "none came: that of 2017-03-11 stays in force, 1 day old" in run("ingest_users", "--ds", D2)
    assert tables.days("users") == [D1]


def test_a_catalogue_that_does_not_come_stays_in_force_for_a_while(run: Run, home: Path, tables: Tables) -> None:
    configure(home, 'path = "landing/items.csv"', 'path = "landing/items/{ds}.csv"\nmax_age_days = 2')
    folder = home / "landing" / "items"
    folder.mkdir(parents=True)
    (folder / f"{D1}.csv").write_text("id,title,category\ntea,Tea,drinks\n")
    run("ingest_items", "--ds", D1)
    assert "none came: that of 2017-03-11 stays in force, 2 days old" in run("ingest_items", "--ds", D3)
    assert "longer than max_age_days" in run("ingest_items", "--ds", "2017-03-14", code=2)
    (folder / f"{D2}.csv").write_text("id,title,category\n")
    assert "holds no row: if there are to be none, declare it" in run("ingest_items", "--ds", D2, code=2)
    assert catalogue_at(tables, D3)["item_id"].to_pylist() == ["tea"]


def test_without_a_catalogue_items_are_what_the_log_names(run: Run, home: Path, tables: Tables) -> None:
    config = home / "shop.toml"
    config.write_text(config.read_text().partition("[catalogue]")[0])
    deliver(home, D1, f"1,u,tea,purchase,{D1}T10:00:00Z", f"2,u,bun,browse,{D1}T10:00:00Z")
    deliver(home, D2, f"3,u,milk,purchase,{D2}T10:00:00Z", f"4,u,tea,purchase,{D2}T10:00:00Z")
    deliver(home, D3, f"5,u,oil,purchase,{D3}T10:00:00Z")
    run("import_past", "--from", D1, "--ds", D2)
    assert catalogue_at(tables, D1)["item_id"].to_pylist() == ["bun", "tea"], "nothing that appears later"
    assert catalogue_at(tables, D2)["item_id"].to_pylist() == ["bun", "milk", "tea"]
    run("ingest_events", "--ds", D3)
    assert "4 out, no catalogue: items of the log" in run("ingest_items", "--ds", D3)
    assert catalogue_at(tables, D3)["item_id"].to_pylist() == ["bun", "milk", "oil", "tea"]
    assert catalogue_at(tables, D2)["item_id"].to_pylist() == ["bun", "milk", "tea"]


def test_items_are_there_from_the_moment_they_appeared(run: Run, home: Path, tables: Tables) -> None:
    configure(home, 'text = ["title"] }', 'text = ["title"], published = "since" }')
    (home / "landing").mkdir()
    rows = [f"tea,Tea,x,{D1}T23:59:59Z", f"bun,Bun,x,{D2}", "milk,Milk,x,", "oil,Oil,x,some day"]
    (home / "landing" / "items.csv").write_text("\n".join(["id,title,category,since", *rows]))
    assert "cut or lost, rows kept: published 1" in run("ingest_items", "--ds", D1)
    assert catalogue_at(tables, D1)["item_id"].to_pylist() == ["milk", "oil", "tea"]
    assert catalogue_at(tables, D2)["item_id"].to_pylist() == ["bun", "milk", "oil", "tea"]


def test_two_sources_may_count_alike_and_searches_name_no_item(run: Run, home: Path, tables: Tables) -> None:
    source = '[sources.searches]\npath = "landing/searches/{ds}.jsonl"\nformat = "jsonl"\nevent_type = "search"\n'
    source += 'columns = { event_id = "id", user_id = "user", query = "q", event_time = "time" }\n[catalogue]'
    configure(home, "[catalogue]", source)
    deliver(home, D1, *(f"{n},u,tea,purchase,{D1}T10:00:00Z" for n in range(3)))
    (home / "landing" / "searches").mkdir()
    for ds in (D1, D2):
        lines = [f'{{"id": {n}, "user": "u", "q": "green tea", "time": "{ds}T09:00:00Z"}}' for n in range(3)]
        (home / "landing" / "searches" / f"{ds}.jsonl").write_text("\n".join(lines))
    run("events_to_interests", "--ds", D1)
    assert counts(last(tables, "ingest_events")) == (6, 6, 0, 0)
    assert {row["item_id"] for row in tables.read("history_tiles").to_pylist()} == {"tea"}
    (window,) = tables.read("recent_windows").to_pylist()
    assert {event["item_id"] for event in window["events"]} == {"tea"}
    assert [event["query"] for event in window["searches"]] == ["green tea"] * 3
    deliver(home, D2, f"1,u,tea,purchase,{D2}T10:00:00Z", f"7,u,tea,purchase,{D2}T10:00:00Z")
    run("ingest_events", "--ds", D2)
    assert counts(last(tables, "ingest_events")) == (5, 1, 4, 0), "an id is known to its own source"


def test_a_source_says_which_day_its_files_hold(run: Run, home: Path, tables: Tables) -> None:
    configure(home, 'format = "csv"\n\n[sources', 'format = "csv"\ntime_zone = "America/Los_Angeles"\n\n[sources')
    deliver(home, D1, *(f"{hour},u{hour},tea,purchase,{D1} {hour:02d}:30:00" for hour in range(24)))
    assert "future 8 (day_zone and day_offset say which day a file holds)" in run("ingest_events", "--ds", D1)
    configure(home, 'time_zone = "America', 'day_zone = "America/Los_Angeles"\ntime_zone = "America')
    run("ingest_events", "--ds", D2)
    assert counts(last(tables, "ingest_events")) == (24, 24 - 16, 16, 0), "sixteen were known since the night before"
    configure(home, "day_zone", "day_offset = 1\nday_zone")
    run("import_past", "--from", D3, "--ds", D3)
    assert last(tables, "import_past")["rows_in"] == 24


def test_days_of_before_have_no_source_and_stay_readable(run: Run, home: Path, tables: Tables) -> None:
    """A table as the release before wrote it: its events are known to every source, and a new day widens it."""
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq
    from deltalake import DeltaTable, Schema
    from deltalake.transaction import AddAction, create_table_with_add_actions

    from lsif.schema import TABLES
    from lsif.table_schema import struct

    old = {name: kind for name, kind in TABLES["events"].columns.items() if name != "source"}
    schema = Schema.from_json(json.dumps(struct(**old, ds="string")))
    root = home / "tables" / "events"
    create_table_with_add_actions(str(root), schema, [], mode="ignore", partition_by=["ds"])
    moment = datetime(2017, 3, 11, 10, tzinfo=UTC)
    row = dict.fromkeys(old) | {"event_id": "1", "user_id": "u", "item_id": "tea", "event_type": "purchase"}
    rows = pa.Table.from_pylist(
        [row | {"event_time": moment, "weight": 1.0}], pa.schema(schema.to_arrow()).remove(len(old))
    )
    (root / f"ds={D1}").mkdir()
    pq.write_table(rows, root / f"ds={D1}" / "old.parquet")
    size = (root / f"ds={D1}" / "old.parquet").stat().st_size
    action = AddAction(f"ds={D1}/old.parquet", size, {"ds": D1}, 0, True, json.dumps({"numRecords": 1}))
    DeltaTable(str(root)).create_write_transaction([action], "append", schema, partition_by=["ds"])

    assert tables.read("events", [D1])["source"].to_pylist() == [None]
    deliver(home, D2, f"1,u,tea,purchase,{D1}T10:00:00Z", f"2,u,tea,purchase,{D2}T10:00:00Z")
    run("ingest_events", "--ds", D2)
    assert counts(last(tables, "ingest_events")) == (2, 1, 1, 0)
    assert tables.read("events").sort_by("ds")["source"].to_pylist() == [None, "shop"]
    deliver(home, D1, f"1,u,tea,purchase,{D1}T10:00:00Z")
    run("ingest_events", "--ds", D1)
    assert tables.read("events", [D1])["source"].to_pylist() == ["shop"]


@pytest.mark.parametrize("step", ["ingest_events", "ingest_items"])
def test_a_damaged_delivery_is_one_line_and_writes_nothing(run: Run, home: Path, tables: Tables, step: str) -> None:
    import gzip
    import os

    rows = "\n".join(f"{n},u,{os.urandom(9).hex()},purchase,{D1}" for n in range(2000))
    packed = gzip.compress(f"id,user,item,type,time,title,category\n{rows}".encode())[:-999]
    for path in (home / "landing" / "shop" / f"{D1}.csv", home / "landing" / "items.csv"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed)
    said = run(step, "--ds", D1, code=2)
    (line,) = [line for line in said.splitlines() if line.startswith(step)]
    assert "is cut off or damaged after row 1," in line and "deliver it again" in line
    assert "Traceback" not in said and "\tat " not in said
    assert tables.days("events") == tables.days("items") == tables.days("quarantine") == []
