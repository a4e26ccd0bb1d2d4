"""A real home of an earlier release, upgraded: refused before, whole after, and a night goes on from it.

`home-1b0f24c.tar.xz` was made by that commit: `import_past` of 70 days of 30 users, a training, nights of three days.
"""

import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lsif.config import load_settings
from lsif.errors import LsifError, OtherRelease, Superseded
from lsif.registry.bundle import load_model
from lsif.schema import TABLES
from lsif.stale import stale_steps
from lsif.tables import Tables
from lsif.tables import upgrade as tables_upgrade
from lsif.upgrade import upgrade
from tests.jobs.conftest import Run

OLD = Path(__file__).with_name("home-1b0f24c.tar.xz")
LAST = "2024-03-16"


@pytest.fixture
def old(home: Path) -> Path:
    with tarfile.open(OLD) as packed:
        packed.extractall(home, filter="data")
    return home


@pytest.fixture
def tables(old: Path) -> Tables:
    return Tables(str(old / "tables"))


def mend(old: Path) -> None:
    """Take the key that is gone out of the configuration, as its error says."""
    file = old / "shop.toml"
    file.write_text(file.read_text().replace("[ranking]\nk = 5\n", ""))


def test_what_is_old_is_refused_in_a_line_that_says_what_to_do(old: Path, tables: Tables) -> None:
    for name in ("recommendations", "metrics_daily"):
        with pytest.raises(LsifError, match=rf"^{name}: .*`lsif upgrade` brings what an earlier release left"):
            tables.days(name)
    with pytest.raises(LsifError, match=r"ranking\.k is gone: each list says its own, \[lists\.for_you\] k = 20$"):
        load_settings()
    with pytest.raises(OtherRelease, match=r"^model version 1 does not fit this release, train again: .* format 1"):
        load_model(old / "model", "1")


def test_every_row_is_there_and_says_what_it_said(tables: Tables) -> None:
    listed = DeltaTable(tables.path("recommendations")).to_pyarrow_table().to_pylist()
    rows = {name: len(DeltaTable(tables.path(name)).to_pyarrow_table()) for name in TABLES if is_there(tables, name)}
    assert upgrade(tables) == {"recommendations": len(listed), "metrics_daily": rows["metrics_daily"]}
    assert {name: len(tables.read(name)) for name in rows if name != "runs"} == {
        name: count for name, count in rows.items() if name != "runs"
    }
    same = ("ds", "user_id", "rank", "item_id", "score", "reason_code", "recommendation_id", "model_version")
    now = tables.read("recommendations").to_pylist()
    assert Counter(tuple(row[c] for c in same) for row in now) == Counter(tuple(row[c] for c in same) for row in listed)
    generators = Counter(("for_you", row["source"]) for row in listed)
    assert Counter((row["list"], row["generator"]) for row in now) == generators
    shares = ("alpha", "long_share", "long_part", "rule_part", "rule_share", "neighbour_part")
    unknown = (*shares, "propensity", "evidence", "reason")
    assert {row[name] for row in now for name in unknown} == {None}
    assert {(row["list"], row["segment"]) for row in tables.read("metrics_daily").to_pylist()} == {
        ("for_you", "users=all")
    }
    assert {str(row["searches"]) for row in tables.read("recent_windows").to_pylist()} == {"None"}
    assert stale_steps(tables) == [], "no row has moved"
    assert upgrade(tables) == {}, "a second time there is nothing to do"


def is_there(tables: Tables, name: str) -> bool:
    return (Path(tables.path(name)) / "_delta_log").exists()


def test_a_night_goes_on_from_it(run: Run, old: Path, tables: Tables) -> None:
    mend(old)
    upgrade(tables)
    run("item_states", "--ds", LAST)
    run("score_users", "--ds", LAST, "--model", "none")
    run("audit_recommendations", "--ds", LAST)
    run("publish_recommendations", "--ds", LAST)
    lists = Counter((row["list"], row["ds"]) for row in tables.read("recommendations").to_pylist())
    assert lists["for_you", LAST] == lists["discover", LAST] > 30 * 5
    assert lists["for_you", "2024-03-09"] == 30 * 5, "an earlier day stays"


def test_a_job_that_writes_meanwhile_is_not_undone(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tables.path("recommendations")
    today = tables_upgrade._today

    def meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(tables_upgrade, "_today", today)
        DeltaTable(path).delete("ds = '2024-03-10'")
        return today(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(tables_upgrade, "_today", meanwhile)
    with pytest.raises(Superseded, match="run `lsif upgrade` when none runs"):
        upgrade(tables)
    files = {file.name for file in Path(path).rglob("*.parquet")}
    assert len(DeltaTable(path).to_pyarrow_table()) == 300
    assert upgrade(tables)["recommendations"] == 300
    assert files <= {file.name for file in Path(path).rglob("*.parquet")}


def test_the_command_says_what_it_did(old: Path) -> None:
    mend(old)
    command = [Path(sys.executable).with_name("lsif"), "upgrade"]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert "recommendations: 450 rows have today's columns" in said[0]
    assert "lsif train --ds" in said[0]
    assert said[1] == "nothing to do: every table has today's columns\n"
