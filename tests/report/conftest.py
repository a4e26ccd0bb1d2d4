"""A home with ten nights, made once and read by all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lsif.config import Settings, load_settings
from lsif.report.night import ModelFacts
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.report import made

TAGS = {
    "ds": "2017-11-06",
    "trained_through": "2017-10-30",
    "text_encoder": "wordllama",
    "gate": "PASS",
    "gate_reasons": "for_you: ndcg@10 0.3 > 0.2 of popularity_28d",
    "decision": "promoted",
    "decision_ds": "2017-11-06",
    "decision_reason": "the gate passed it",
    "data_hash": "ab" * 20,
}
OF_GATE = {"list": "for_you", "metric": "ndcg@10", "low": 0.2, "high": 0.4, "gain_low": 0.1, "gain_high": 0.2}
COMPARISON = [
    {**OF_GATE, "contender": "lsif", "value": 0.3, "gain": 0.0},
    {**OF_GATE, "contender": "popularity_28d", "value": 0.2, "gain": 0.1},
]
MODEL = ModelFacts("3", TAGS, COMPARISON)


@pytest.fixture(scope="session")
def ten_nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a home whose tables have ten nights; nobody writes there."""
    home = tmp_path_factory.mktemp("ten-nights")
    settings = home_at(home)
    made.nights(Tables(settings.tables))
    yield settings


def home_at(home: Path) -> Settings:
    (home / "shop.toml").write_text(SHOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSIF_HOME", str(home))
        patch.delenv("LSIF_TABLES", raising=False)
        return load_settings(home / "shop.toml")
