"""A delivery beyond a bound stops its night with one line and nothing taken in, until a person lets the day pass."""

from pathlib import Path
from typing import Any

from lsif.interests.as_of import catalogue_at, catalogue_inputs
from lsif.job import Counts, Job, run_step
from lsif.stale import stale_steps
from lsif.tables import Tables
from tests.jobs.conftest import Run, bounds, deliver, last
from tests.test_stale import job_of

D1, D2, D3, D4 = "2017-03-11", "2017-03-12", "2017-03-13", "2017-03-14"
WORD = ("--accept", "max_quarantined", "--reason", "a new till")


def verdicts(tables: Tables, ds: str) -> dict[str, Any]:
    return {row["check"]: row["verdict"] for row in tables.read("checks", [ds]).to_pylist()}


def good(ds: str, *numbers: int, item: str = "7") -> list[str]:
    return [f"{ds}-{number},u,{item},purchase,{ds}T10:00:00Z" for number in numbers]


def test_a_bad_day_stops_and_a_person_s_word_lets_it_pass(run: Run, home: Path, tables: Tables) -> None:
    bounds(home, max_quarantined=0.3)
    deliver(home, D1, *good(D1, 1, 2), "3,u,7,purchase,noon", f"4,u,7,wink,{D1}T10:00:00Z")
    said = run("ingest_events", "--ds", D1, code=2)
    assert f"ds={D1} stops, nothing of it was taken in: 2 of 4 rows broke a rule (unknown_type 1, " in said
    assert 'unparseable_time {"id":"3"' in said and 'unknown_type {"id":"4"' in said
    assert "(time_format or time_unit says how times are written; [event_types] names those there are), or set" in said
    assert "set checks.max_quarantined, or let this day pass: --accept max_quarantined --reason" in said
    assert said.splitlines()[-1].startswith("ingest_events.py: "), "one line"
    assert tables.days("events") == []
    assert sorted(tables.read("quarantine", [D1])["rule"].to_pylist()) == ["unknown_type", "unparseable_time"]
    assert verdicts(tables, D1) == {"max_quarantined": "fail"}

    assert "say why with --reason" in run("ingest_events", "--ds", D1, "--accept", "max_quarantined", code=2)
    assert "no such check" in run("ingest_events", "--ds", D1, "--accept", "everything", "--reason", "x", code=2)
    said = run("ingest_events", "--ds", D1, *WORD)
    assert "rules broken: unknown_type 1 ([event_types] names those there are), unparseable_time 1 (time_format" in said
    assert "; max_quarantined accepted: a new till" in said
    assert "accepted: a new till" in last(tables, "ingest_events")["note"]
    assert verdicts(tables, D1) == {"max_quarantined": "accepted"}
    assert tables.rows("events") == {D1: 2}

    assert "accepted: a new till" in run("ingest_events", "--ds", D1, "--force"), "what was decided holds"
    deliver(home, D1, *good(D1, 1, 2), *(f"{n},u,7,purchase,noon" for n in range(9)))
    assert "9 of 11 rows" in run("ingest_events", "--ds", D1, code=2)
    assert tables.rows("events") == {D1: 2}, "the day stays as it was"


def test_a_day_of_which_every_row_is_rejected_is_no_success(run: Run, home: Path, tables: Tables) -> None:
    deliver(home, D1, "1,u,7,purchase,02/03/2024 10:00")
    assert f"every row of {D1} broke a rule (unparseable_time 1)" in run("ingest_events", "--ds", D1, code=2)
    assert not list((home / "tables" / "events").glob("ds=*/*.parquet")), "nothing is left lying about"


def test_few_events_stop_a_night_and_so_does_a_catalogue_that_does_not_know_them(
    run: Run, home: Path, tables: Tables
) -> None:
    bounds(home, min_events=3, min_match=0.5)
    (home / "landing").mkdir()
    (home / "landing" / "items.csv").write_text("id,title,category\n0007,Tea,drinks\n")
    run("ingest_items", "--ds", D1)
    deliver(home, D1, *good(D1, 1, 2))
    said = run("ingest_events", "--ds", D1, code=2)
    assert "2 events, fewer than min_events = 3; the catalogue knows 0 of 1 items of the log" in said
    assert verdicts(tables, D1) == {"max_quarantined": "pass", "min_events": "fail", "min_match": "fail"}
    run("ingest_events", "--ds", D1, "--accept", "min_events,min_match", "--reason", "holiday")


def test_a_log_in_one_file_says_what_lies_before_its_start(run: Run, home: Path, tables: Tables) -> None:
    bounds(home, max_quarantined=0.05)
    config = home / "shop.toml"
    config.write_text(config.read_text().replace("shop/{ds}", "shop/all"))
    deliver(home, "all", *good(D1, 1, 2), *good(D2, 1), *good(D3, 1), *good(D4, 1, 2))
    said = run("import_past", "--from", D2, "--ds", D3)
    assert "6 rows in, 2 out, 4 quarantined" in said and "rules broken: before_start 2, future 2" in said


def products(home: Path, ds: str, *ids: str) -> None:
    path = home / "landing" / "items" / f"{ds}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["id,title,category", *(f"{i},Thing {i},c" for i in ids)]) + "\n")


def by_day(home: Path) -> None:
    config = home / "shop.toml"
    config.write_text(config.read_text().replace("landing/items.csv", "landing/items/{ds}.csv"))


def test_a_catalogue_that_shrank_or_is_empty_is_refused(run: Run, home: Path, tables: Tables) -> None:
    by_day(home)
    bounds(home, max_shrink=0.5)
    products(home, D1, "1", "2", "3", "4")
    run("ingest_items", "--ds", D1)
    products(home, D2, "1")
    assert "1 items after 4 before, a shrink of more than max_shrink" in run("ingest_items", "--ds", D2, code=2)
    assert tables.days("items") == [D1]
    assert verdicts(tables, D2) == {"max_quarantined": "pass", "max_shrink": "fail"}
    run("ingest_items", "--ds", D2, "--accept", "max_shrink", "--reason", "a fire")
    assert tables.rows("items") == {D1: 4, D2: 1}

    products(home, D3)
    assert f"{D3}.csv holds no row" in run("ingest_items", "--ds", D3, code=2)
    products(home, D3, " ")
    assert "every row" in run("ingest_items", "--ds", D3, code=2)
    (home / "landing" / "items" / f"{D3}.csv").unlink()
    (home / "landing" / "items" / f"{D3}.csv.empty").touch()
    run("ingest_items", "--ds", D3)
    assert tables.rows("items")[D3] == 0, "declared"


def test_without_a_catalogue_the_newest_stays_in_force_for_a_time(run: Run, home: Path, tables: Tables) -> None:
    by_day(home)
    config = home / "shop.toml"
    config.write_text(config.read_text().replace("[catalogue]", "[catalogue]\nmax_age_days = 2"))
    assert "nothing was delivered at" in run("ingest_items", "--ds", D1, code=2)
    products(home, D1, "1", "2")
    run("ingest_items", "--ds", D1)
    products(home, D2, "1", "2")
    run("ingest_items", "--ds", D2)
    assert tables.days("items") == [D1], "an equal one is not stored"
    said = run("ingest_items", "--ds", D4)
    assert f"none came: that of {D1} stays in force, 2 days old" in said
    assert "nothing to do" in run("ingest_items", "--ds", D4)
    assert verdicts(tables, D4) == {"max_age_days": "pass"}
    said = run("ingest_items", "--ds", "2017-03-15", code=2)
    assert f"none came since {D2}, longer than max_age_days = 2" in said and "set catalogue.max_age_days, or" in said
    run("ingest_items", "--ds", "2017-03-15", "--accept", "max_age_days", "--reason", "stocktaking")


def read_catalogue(tables: Tables, ds: str) -> None:
    """A step of a night that reads the catalogue in force."""

    def nothing(job: Job) -> Counts:
        return Counts(0, 0)

    run_step("reader", job_of(tables, ds), lambda job: catalogue_inputs(tables, ds), nothing)


def in_force(tables: Tables, ds: str) -> list[str]:
    ids: list[str] = catalogue_at(tables, ds)["item_id"].to_pylist()
    return ids


def test_a_catalogue_day_that_comes_again_changes_only_days_without_one(run: Run, home: Path, tables: Tables) -> None:
    by_day(home)
    for ds in (D1, D3):
        products(home, ds, "1", "2", "3")
    for ds in (D1, D2, D3, D4):
        run("ingest_items", "--ds", ds)
        read_catalogue(tables, ds)
    assert tables.days("items") == [D1]
    assert stale_steps(tables) == []

    products(home, D1, "1")
    run("ingest_items", "--ds", D1)
    assert [in_force(tables, ds) for ds in (D1, D2)] == [["1"], ["1"]]
    assert [in_force(tables, ds) for ds in (D3, D4)] == [["1", "2", "3"]] * 2
    stale = {(one.step, one.ds) for one in stale_steps(tables)}
    assert {("reader", D1), ("reader", D2)} <= stale

    for ds in (D1, D2, D3, D4):
        run("ingest_items", "--ds", ds)
        read_catalogue(tables, ds)
    assert stale_steps(tables) == []
    products(home, D2, "1", "9")
    run("ingest_items", "--ds", D2)
    assert [in_force(tables, ds) for ds in (D1, D2, D3)] == [["1"], ["1", "9"], ["1", "2", "3"]]
    assert [(one.step, one.ds) for one in stale_steps(tables)] == [("reader", D2)], "it had none of its own"


def drift(home: Path, line: str) -> None:
    file = home / "shop.toml"
    file.write_text(file.read_text().partition("\n[checks.drift]")[0] + f"\n[checks.drift]\n{line}\n")


def test_a_source_that_halves_is_told_or_stops_before_its_table_changes(run: Run, home: Path, tables: Tables) -> None:
    ds, weeks = "2017-03-25", (D1, "2017-03-18")
    for day in weeks:
        deliver(home, day, *good(day, *range(120)))
        run("ingest_events", "--ds", day)
    deliver(home, ds, *good(ds, *range(60)))
    drift(home, "source_drop = { fail = 0.4 }")
    said = run("ingest_events", "--ds", ds, code=2)
    assert "source shop: 60 events, where 120 are usual on that weekday" in said
    assert "set checks.drift.source_drop, or let this day pass: --accept source_drop" in said
    assert tables.days("events") == sorted(weeks)
    drift(home, "source_drop = { warn = 0.4 }")
    assert f"ingest_events ds={ds}: warn source_drop: source shop: 60 events" in run("ingest_events", "--ds", ds)
    assert verdicts(tables, ds)["source_drop"] == "warn"
    assert tables.rows("events")[ds] == 60


def test_a_catalogue_that_loses_a_category_is_told_or_stops_before_its_table_changes(
    run: Run, home: Path, tables: Tables
) -> None:
    def catalogue(ds: str, **counts: int) -> None:
        path = home / "landing" / "items" / f"{ds}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{name}{n},Thing,{name}" for name, count in counts.items() for n in range(count)]
        path.write_text("\n".join(["id,title,category", *rows]) + "\n")

    by_day(home)
    catalogue(D1, tea=25, milk=90)
    catalogue(D2, milk=100)
    run("ingest_items", "--ds", D1)
    drift(home, "category_drop = { fail = 0.5 }")
    said = run("ingest_items", "--ds", D2, code=2)
    assert "category tea: 0 items after 25 before" in said and tables.days("items") == [D1]
    drift(home, "")
    assert f"ingest_items ds={D2}: warn category_drop: category tea: 0 items" in run("ingest_items", "--ds", D2)
    assert tables.rows("items") == {D1: 115, D2: 100}
