"""A model trained after a purge is the one that would have been trained had the user never come, to the byte."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from lsif.config import load_settings
from lsif.privacy.erased import ask
from lsif.registry import Registry
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.jobs.conftest import Run, deliver, run  # noqa: F401
from tests.ranking import shop
from tests.ranking.harness import SMALL

pytestmark = pytest.mark.long

PLANTED = "u007"
PACE = 4
"""Days of the made-up shop in one of ours: a training with all that it wants in thirteen days."""
DAYS = [shop.TODAY - timedelta(days=n) for n in reversed(range(50 // PACE + 1))]


def delivered(home: Path, but: str | None) -> list[str]:
    """The made-up shop below a home of its own, without one user; returns the days."""
    home.mkdir()
    (home / "shop.toml").write_text(SHOP + SMALL.replace("cutoffs = 3", "horizon_days = 2\ncutoffs = 3"))
    # Numbered with the user: ids, and with them what is a duplicate, are to be the same in both logs.
    whole = [
        (n, user, item, shop.TODAY - (shop.TODAY - day) // PACE) for n, (user, item, day) in enumerate(shop.events())
    ]
    log = [event for event in whole if event[1] != but]
    for day in DAYS:
        own = [event for event in log if event[3] == day]
        rows = [f"e{n},{user},{item},purchase,{day}T12:00:00Z" for n, user, item, _ in own]
        deliver(home, str(day), *rows)
        if not own:
            (home / f"landing/shop/{day}.csv").unlink()
            (home / f"landing/shop/{day}.csv.empty").touch()
    items = [f"{row['item_id']},{row['title']},{row['category']}" for row in shop.catalogue().to_pylist()]
    (home / "landing/items.csv").write_text("\n".join(["id,title,category", *items]) + "\n")
    return [str(day) for day in DAYS]


def files_of_the_model() -> dict[str, str]:
    """Name = SHA-256, but for those that say what a training read, whose files have names of their own."""
    registry = Registry()
    with registry.folder(registry.version("challenger")) as files:
        found = {file.name: file.read_bytes() for file in files.iterdir()}
    hashes = registry.version("challenger").tags["data_hash"].encode()
    kept = {name for name, data in found.items() if hashes not in data and name != "manifest.json"}
    return {name: hashlib.sha256(found[name]).hexdigest() for name in kept}


def test_a_retrained_model_is_that_of_a_log_without_the_user(
    run: Run,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = {}
    for name, but in (("with", None), ("without", PLANTED)):
        home = tmp_path / name
        days = delivered(home, but)
        monkeypatch.setenv("LSIF_HOME", str(home))
        monkeypatch.setenv("LSIF_CONFIG", str(home / "shop.toml"))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        run("ingest_items", "--ds", days[0])
        run("import_past", "--from", days[0], "--ds", days[-1])
        run("embed_items", "--for-training", "--ds", days[-1])
        run("training_cutoffs", "--ds", days[-1])
        if name == "with":
            tables = Tables(load_settings().tables)
            ask(tables, [PLANTED], days[-1], 30, [])
            assert "1 users purged" in run("erase", "--ds", days[-1])
            said = run("training_cutoffs", "--ds", days[-1])
            assert "states of items at" in said and "histories at" not in said
        run("train", "--ds", days[-1])
        made[name] = files_of_the_model()
    assert "weights.safetensors" in made["with"]
    assert made["with"] == made["without"]
