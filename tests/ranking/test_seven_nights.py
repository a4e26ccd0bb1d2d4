"""Seven nights of an experiment by their jobs, with users who like one variant's lists less: the guard stops it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from typer.testing import CliRunner

from lsif.cli import app
from lsif.days import day_before, days_between
from lsif.experiments.record import Record
from tests.conftest import SHOP
from tests.ranking import shop
from tests.ranking.harness import CUTOFFS, SMALL, Shop

NIGHTS = days_between(shop.DS, day_before(shop.DS, -6))
USERS, SEEN = 90, 6
TAKEN = {"as_is": 0.5, "worse": 0.25}
"""How many of the rows that are seen are bought."""
EXPERIMENT = f"""
[feedback]
window_days = 1
[experiment]
name = "seven"
from = {NIGHTS[0]}
through = {NIGHTS[-1]}
guard = "conversion"
[experiment.variants.as_is]
share = 0.5
[experiment.variants.worse]
share = 0.5
lists.for_you.k = 8
"""


@pytest.fixture
def week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    """A champion, and everything ready for seven nights."""
    torch.set_num_threads(1)
    (tmp_path / "shop.toml").write_text(SHOP.replace("search = 0.0", "impression = 0.0") + SMALL + EXPERIMENT)
    made = Shop(tmp_path, monkeypatch, capsys)
    log = shop.events(users=USERS)
    log += [(user, item, later) for user, item, day in log if (later := day + timedelta(days=7)) > shop.TODAY]
    shop.write_log(made.tables, made.settings, log, shop.catalogue(), [*CUTOFFS, *NIGHTS])
    made.run("train")
    made.promote_first()
    return made


def day_after(week: Shop, ds: str) -> None:
    """What users saw of the lists of the day before, and bought: beside what the log holds of the day."""
    lists = week.tables.read("recommendations", [day_before(ds)]).to_pylist()
    draws, rows = np.random.default_rng(int(ds.replace("-", ""))), []
    at = datetime.fromisoformat(ds).replace(tzinfo=UTC, hour=9)
    for row in sorted(lists, key=lambda row: (row["user_id"], row["list"], row["rank"])):
        if row["list"] == "for_you" and row["rank"] <= SEEN:
            shown = {name: row[name] for name in ("user_id", "item_id", "recommendation_id")}
            own = {"source": "site", "event_id": f"{ds}-{len(rows)}", "weight": 0.0, "value": None, "query": None}
            rows.append({**own, **shown, "event_type": "impression", "event_time": at, "list": None})
            if draws.random() < TAKEN[row["variant"]]:
                bought = {"event_id": f"{ds}-{len(rows)}", "event_type": "purchase", "weight": 1.0}
                rows.append({**rows[-1], **bought, "event_time": at + timedelta(hours=1)})
    before = week.tables.read("events", [ds]).drop_columns("ds")
    writer = week.tables.writer("events")
    writer.write(ds, pa.concat_tables([before, pa.Table.from_pylist(rows, before.schema)]))
    writer.commit()


def served(week: Shop, ds: str) -> Any:
    rows = week.tables.read("assignments", [ds]).to_pylist()
    return {(row["variant"], row["served"]) for row in rows}


@pytest.mark.long
def test_a_variant_that_earns_less_is_stopped_and_all_nights_come_out_the_same_again(week: Shop) -> None:
    said = ""
    for ds in NIGHTS:
        if ds != NIGHTS[0]:
            day_after(week, ds)
        week.night(ds)
        said += week.run("join_feedback", ds=ds)
    stops = Record.read(week.tables, week.settings.experiment).stops
    assert list(stops) == ["worse"] and NIGHTS[1] < stops["worse"] < NIGHTS[-1], said
    assert f"experiment ds={stops['worse']}: fail guard worse: conversion of worse is" in said
    for ds in NIGHTS:
        own = "worse" if ds <= stops["worse"] else "as_is"
        assert served(week, ds) == {("as_is", "as_is"), ("worse", own)}, ds
        rows = week.tables.read("recommendations", [ds])
        long = rows.filter((pc.field("list") == "for_you") & (pc.field("variant") == "worse"))
        assert pc.max(long["rank"]).as_py() == (8 if own == "worse" else 12), ds
    of_users = [
        dict(
            zip(
                *(week.tables.read("assignments", [ds])[name].to_pylist() for name in ("user_id", "variant")),
                strict=True,
            )
        )
        for ds in NIGHTS
    ]
    assert all(of == of_users[0] for of in of_users) and len(of_users[0]) == USERS
    rates = week.tables.read("metrics_daily", [stops["worse"]]).to_pylist()
    daily = {row["segment"]: row["value"] for row in rows_of(rates, "conversion") if "variant=" in row["segment"]}
    assert daily["variant=worse"] < daily["variant=as_is"], "rates of the day by variant"
    kept = {ds: [week.tables.content_hash(name, ds) for name in ("recommendations", "assignments")] for ds in NIGHTS}
    for ds in NIGHTS:
        week.run("score_users", "--force", ds=ds)
        week.run("audit_recommendations", ds=ds)
        week.run("publish_recommendations", ds=ds)
        week.run("join_feedback", "--force", ds=ds)
    again = {ds: [week.tables.content_hash(name, ds) for name in ("recommendations", "assignments")] for ds in NIGHTS}
    assert again == kept and Record.read(week.tables, week.settings.experiment).stops == stops
    shown = CliRunner().invoke(app, ["experiment", "--ds", NIGHTS[-1]])
    assert f"worse stopped on {stops['worse']}" in shown.stdout.replace("\n", " "), shown.output
    (week.home / "shown.txt").write_text(shown.stdout)


def rows_of(rates: list[dict[str, Any]], metric: str) -> list[dict[str, Any]]:
    return [row for row in rates if (row["list"], row["metric"]) == ("for_you", metric)]
