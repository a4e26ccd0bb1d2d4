"""The job that trains, with differential privacy: its version says what it spent, and a total is held."""

from pathlib import Path

import pytest

from lsif.registry import Registry
from tests.jobs.conftest import Run
from tests.jobs.test_settings import CHAIN, TRAINED, small

__all__ = ["small"]


@pytest.mark.long
def test_a_private_training_registers_what_it_spent_and_the_next_one_is_refused(run: Run, small: Path) -> None:
    private = "[privacy]\nepsilon = 8.0\ndelta = 1e-3\ntotal_epsilon = 12.0\n"
    (small / "shop.toml").write_text((small / "shop.toml").read_text() + private)
    for step, ds, *more in CHAIN[: CHAIN.index(("train", TRAINED)) + 1]:
        run(step, "--ds", ds, *more)
    tags = Registry().version("challenger").tags
    assert 7.5 < float(tags["privacy_epsilon"]) <= 8 and tags["privacy_delta"] == "0.001"
    assert tags["privacy_users"] == "4" and "not item_states" in tags["privacy_covers"]
    assert "have spent epsilon" in run("train", "--ds", TRAINED, "--force", code=2)
