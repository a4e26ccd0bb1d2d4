"""Fixtures that everyone shares: an empty table root, settings of a small shop, one Spark session for the whole run."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lsif.config import Settings, load_settings
from lsif.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest_plugins = ["tests.workers"]

SHOP = """
[event_types]
purchase = 1.0
browse = 0.5
search = 0.0

[sources.shop]
path = "landing/shop/{ds}.csv"
format = "csv"

[sources.shop.columns]
event_id = "id"
user_id = "user"
item_id = "item"
event_type = "type"
event_time = "time"

[catalogue]
path = "landing/items.csv"
format = "csv"
columns = { item_id = "id", title = "title", category = "category", text = ["title"] }

[checks]
max_quarantined = 1.0
max_shrink = 1.0
min_match = 0.0
"""
"""Bounds that the few rows of a test do not meet by chance; a day that is lost altogether stops all the same."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty LSIF_HOME with the small shop's configuration in LSIF_CONFIG."""
    (tmp_path / "shop.toml").write_text(SHOP)
    monkeypatch.setenv("LSIF_HOME", str(tmp_path))
    monkeypatch.setenv("LSIF_CONFIG", str(tmp_path / "shop.toml"))
    monkeypatch.delenv("LSIF_TABLES", raising=False)
    return tmp_path


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings()


@pytest.fixture
def tables(settings: Settings) -> Tables:
    return Tables(settings.tables)


@pytest.fixture(scope="session")
def spark() -> Iterator["SparkSession"]:
    from lsif.spark import session

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSIF_SPARK_MASTER", "local[2]")
        patch.setenv("LSIF_SPARK_CONF", "spark.sql.shuffle.partitions=2")  # rows are few, tasks are not free
        opened = session("tests")
        yield opened
        opened.stop()
