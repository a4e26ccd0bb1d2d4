"""A small shop without a training: popular lists, and versions of the model that are names in MLflow alone."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from lsif.config import load_settings
from lsif.registry import Registry
from tests.conftest import SHOP
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, SMALL, Shop

DAYS = 14
"""Of the log: files are many enough."""
ERASING = """
[deliver.web]
to = "sql"
url = "sqlite:///lists.db"
table = "lists"
[privacy]
retrain_days = 1
"""


@pytest.fixture(scope="session")
def after_import(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LSIF_HOME with a log and what jobs make of it, before any training."""
    home = tmp_path_factory.mktemp("erasing")
    (home / "shop.toml").write_text(SHOP + SMALL + ERASING)
    with pytest.MonkeyPatch.context() as patch:
        made = Shop(home, patch, None)
        later = [(user, item, day + timedelta(days=1)) for user, item, day in shop.events()]
        log = [event for event in [*shop.events(), *later] if event[2] > shop.TODAY - timedelta(days=DAYS)]
        shop.write_log(made.tables, made.settings, sorted(set(log)), shop.catalogue(), [shop.DS, NEXT_DAY])
        made.night(shop.DS, "--model", "none")
        made.run("deliver")
        Registry().client.create_registered_model("lsif")
    return home


@pytest.fixture
def erasing(
    after_import: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shop:
    """The test's own copy of it."""
    home = tmp_path / "home"
    shutil.copytree(after_import, home)
    made = Shop(home, monkeypatch, capsys)
    made.settings = load_settings()
    return made


def version(through: str, **tags: str) -> str:
    """A version that nobody trained."""
    told = {"ds": shop.DS, "trained_through": through, "gate": "PASS", "decision": "promoted", **tags}
    return str(Registry().client.create_model_version("lsif", "file:///nothing", tags=told).version)
