"""Two processes train as one does."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.learning.ranks import Ranks
from lsif.learning.training import fit
from lsif.model import layers
from tests.learning.rank import together
from tests.learning.test_training import world


def test_two_processes_share_the_users_and_end_with_one_model(
    settings: Settings, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "tests.learning.rank"]
    both = [subprocess.Popen([*command, str(rank), str(tmp_path), str(home / "shop.toml")]) for rank in (0, 1)]
    assert [process.wait(timeout=300) for process in both] == [0, 0]

    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert torch.equal(first, second)
    assert [file.name for file in tmp_path.glob("* wrote")] == ["0 wrote"], "one writes the lessons, both read them"
    assert not list((tmp_path / "scratch").iterdir())
    monkeypatch.setattr(layers, "DROPPED", 0.0)
    index, examples = world(together(settings))
    alone = fit(examples[:-1], examples[-1], index, together(settings)).epochs
    losses = json.loads((tmp_path / "0.json").read_text())
    assert losses[-1] == pytest.approx(alone[-1].loss, rel=0.01)


def test_shares_are_all_users_and_weigh_as_one_mean() -> None:
    users = np.arange(5)
    shares = [Ranks(rank, 3).share(users) for rank in range(3)]
    assert sorted(np.concatenate([own for own, _ in shares])) == users.tolist()
    mean = sum(own.mean() * counts for own, counts in shares) / 3
    assert mean == pytest.approx(users.mean())


def test_a_process_without_users_takes_the_step_and_counts_nothing() -> None:
    own, counts = Ranks(2, 3).share(np.array([7, 8]))
    assert own.tolist() == [7] and counts == 0
