"""The jobs of training and scoring, run as they are, on a small log and a real MLflow."""

import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow.compute as pc
import pytest
import torch

from lsif.config import load_settings
from lsif.days import day_before
from lsif.registry import Registry
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.ranking import shop
from tests.scripts import run_job

SMALL = """
[training]
cutoffs = 3
max_epochs = 1
batch_users = 16

[model]
width = 8
text_encoder = "hashing"

[lists]
for_you = { k = 12 }
buy_again = { items = "own", k = 12 }
discover = { items = "new", k = 12 }
"""
CUTOFFS = [day_before(shop.DS, 7 * n) for n in (3, 2, 1)]
NEXT_DAY = day_before(shop.DS, -1)
WEEK_LATER = day_before(shop.DS, -7)


class Shop:
    """A log with a week after `shop.DS`, whose windows and histories are ready; runs jobs on it."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str] | None) -> None:
        patch.setenv("LSIF_HOME", str(home))
        patch.setenv("LSIF_CONFIG", str(home / "shop.toml"))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        self.home, self.patch, self.capture = home, patch, capture
        self.settings = load_settings()
        self.tables = Tables(self.settings.tables)

    def run(self, step: str, *arguments: str, ds: str = shop.DS, code: int = 0) -> str:
        """Run `jobs/<step>.py` and give what it printed; its exit code must be `code`."""
        return run_job(self.patch, self.capture, step, "--ds", ds, *arguments, code=code)

    def promote_first(self) -> None:
        """Make version 1 champion, whatever the gate would say."""
        Registry().tag(Registry().version("1"), gate="PASS", gate_reasons="made so by the test")
        self.run("move_alias", "promote")

    def night(self, ds: str = shop.DS, *arguments: str) -> None:
        self.run("score_users", *arguments, ds=ds)
        self.run("audit_recommendations", ds=ds)
        self.run("publish_recommendations", ds=ds)

    def versions(self, ds: str = shop.DS) -> list[str]:
        rows = self.tables.read("recommendations", [ds], ["model_version"])
        return sorted(pc.unique(rows["model_version"]).to_pylist())


def another(**tags: str) -> str:
    """A version with the files of version 1, tags of its own, and no decision on it."""
    registry = Registry()
    registry.select()  # MLflow's store of versions looks for the files where the process points
    first = registry.client.get_model_version("lsif", "1")
    same = {name: tag for name, tag in first.tags.items() if not name.startswith(("decision", "training"))}
    told = {**same, "data_hash": "2", **tags}
    model = str(first.source).removeprefix("models:/")  # a server wants to be told what the source says
    made = registry.client.create_model_version("lsif", first.source, first.run_id, told, model_id=model)
    return str(made.version)


@pytest.fixture(scope="session")
def after_training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LSIF_HOME after one training: version 1 is challenger, there is no champion."""
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("shop")
    (home / "shop.toml").write_text(SHOP + SMALL)
    with pytest.MonkeyPatch.context() as patch:
        made = Shop(home, patch, None)
        later = [(user, item, day + timedelta(days=7)) for user, item, day in shop.events()]
        log = shop.events() + [event for event in later if event[2] > shop.TODAY]
        shop.write_log(made.tables, made.settings, log, shop.catalogue(), [*CUTOFFS, shop.DS, NEXT_DAY])
        made.run("train")
    return home


@pytest.fixture
def trained(
    after_training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shop:
    """The test's own copy of it; files of models stay where they are and are only read."""
    home = tmp_path / "home"
    shutil.copytree(after_training, home)
    return Shop(home, monkeypatch, capsys)


@pytest.fixture
def champion(trained: Shop) -> Shop:
    trained.promote_first()
    return trained
