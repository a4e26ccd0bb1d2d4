"""LSIF without its users: one order for all, of the model's own formula for whom nothing is known of."""

import importlib
import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks.quality import running
from lsif.config import Settings
from tests.ranking import shop
from tests.ranking.dense import BOUGHT, to_nobody

QUALITY = Path(running.__file__).parent
COLD = ["i007", "i003", "i011"]


def test_everybody_gets_one_order_but_for_what_each_has_had(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(QUALITY), *sys.path])
    ours = importlib.import_module("ours")
    night, own = shop.known(shop.events(), settings, shop.catalogue(unavailable=("i003",))), shop.small(settings)
    vectors = shop.vectors(night.items)
    trained = shop.trained(night, vectors, own)
    pl.DataFrame({"user_id": ["u000", "u017"]}).write_parquet(tmp_path / "users.parquet")
    pl.DataFrame({"item_id": COLD, "cold": [True] * 3}).write_parquet(tmp_path / "items.parquet")
    pl.DataFrame(sorted(BOUGHT), schema=["user_id", "item_id"], orient="row").write_parquet(tmp_path / "events.parquet")

    found = ours.Lists(night.evening(vectors, own), own, trained, tmp_path).to_nobody()
    said = to_nobody(trained, night, own)
    order = sorted(said, key=lambda item: -said[item])
    for user in ("u000", "u017"):
        lists = {
            "all": order[:20],
            "new": [item for item in order if (user, item) not in BOUGHT][:20],
            "cold": [item for item in order if item in COLD],
        }
        for track, expected in lists.items():
            rows = found.filter(track=track, user_id=user).sort("rank")
            assert rows["item_id"].to_list() == expected
            assert rows["rank"].to_list() == list(range(1, len(expected) + 1))
