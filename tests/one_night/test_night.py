"""Real nights of two hundred real households: through Airflow, Spark, MLflow and PostgreSQL, and twice the same."""

import pyarrow.compute as pc
import pytest

from lsif.stale import stale_steps
from tests.one_night.conftest import BACKFILL, HOUSEHOLDS, LAST_IMPORTED, NIGHT, World

STEPS = 10
"""Of a night, each with a line in the ledger when it runs."""
pytestmark = pytest.mark.timeout(1200)


def test_every_household_has_its_list(world: World) -> None:
    lists = world.tables.read("recommendations", [NIGHT])
    known = set(world.tables.read("user_tiles")["user_id"].to_pylist())
    assert len(known) > HOUSEHOLDS * 0.8
    assert set(lists["user_id"].to_pylist()) == known
    rows = lists.group_by("list").aggregate([("user_id", "count_distinct"), ("rank", "max"), ("rank", "count")])
    at_most = {row["list"]: row["rank_max"] for row in rows.to_pylist()}
    assert at_most == {"for_you": 20, "buy_again": 20, "discover": 20}
    (for_you,) = rows.filter(pc.field("list") == "for_you").to_pylist()
    assert for_you["rank_count"] == 20 * len(known), "a list is full for everybody"
    assert pc.unique(lists["model_version"]).to_pylist() == ["1"]


def test_what_was_delivered_is_accounted_for(world: World) -> None:
    rows = world.tables.read("runs", filter=(pc.field("step") == "ingest_events") & (pc.field("ds") == NIGHT))
    (run,) = rows.to_pylist()
    assert run["rows_in"] == run["rows_out"] + run["duplicates"] + run["quarantined"] > 0
    assert world.tables.read("events", [NIGHT]).num_rows == run["rows_out"]


@pytest.mark.long
def test_a_backfill_made_twice_leaves_the_same_rows_and_its_neighbours_alone(world: World) -> None:
    neighbours = world.files(LAST_IMPORTED, NIGHT)
    world.backfill()
    first, files, runs = world.hashes(*BACKFILL), world.files(*BACKFILL), len(world.tables.read("runs"))
    assert all(files.values()), "a table has no partition for one of the days"
    world.backfill(force=True)
    assert world.hashes(*BACKFILL) == first
    assert world.files(*BACKFILL) == files, "equal rows, yet others must read them again"
    again = len(world.tables.read("runs"))
    assert again - runs >= STEPS * len(BACKFILL), "forced, yet some step did not run"
    world.night(BACKFILL[1])
    assert len(world.tables.read("runs")) == again, "nothing had changed, yet a step ran"
    assert world.files(LAST_IMPORTED, NIGHT) == neighbours
    assert stale_steps(world.tables) == []
