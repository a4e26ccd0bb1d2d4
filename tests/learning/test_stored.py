"""Examples in files teach what they teach in memory, and leave nothing behind."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import torch

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.snapshot import Snapshot, joined
from lsif.features.vocabulary import ItemIndex
from lsif.learning import stored
from lsif.learning.scratch import scratch
from lsif.learning.step import Example
from lsif.learning.stored import Shelf
from lsif.learning.training import fit
from tests.learning.test_training import small


def blocks(shot: Snapshot) -> list[Snapshot]:
    """Nobody, and then all, some at a time."""
    return [shot.only(rows) for rows in (np.arange(0), *np.split(np.arange(len(shot)), [7, 8, 20]))]


def laid(example: Example, shelf: Shelf) -> Example:
    shelf.to_come = len(example.snapshot)
    return shelf.keep(blocks(example.snapshot), example.targets)


def test_files_train_the_weights_that_memory_trains(
    settings: Settings, shop: tuple[ItemIndex, list[Example]], tmp_path: Path
) -> None:
    index, examples = shop
    shelf = Shelf(tmp_path)
    mapped = [laid(example, shelf) for example in examples]
    assert not mapped[0].snapshot.history_features.flags.owndata
    few = small(settings, max_epochs=1)
    here, there = (fit(some[:2], some[2], index, few).model.state_dict() for some in (examples, mapped))
    for name, weights in here.items():
        assert torch.equal(weights, there[name]), name


def test_what_is_kept_is_what_was_given(shop: tuple[ItemIndex, list[Example]], tmp_path: Path) -> None:
    example = shop[1][0]
    found, wanted = laid(example, Shelf(tmp_path)), joined(blocks(example.snapshot))
    assert found.snapshot.user_ids == wanted.user_ids
    for name, values in {**vars(wanted), **vars(example.targets)}.items():
        if not isinstance(values, str | pa.Array):
            kept = getattr(found.snapshot, name, None) if name in vars(wanted) else getattr(found.targets, name)
            assert kept.dtype.kind == values.dtype.kind, name
            np.testing.assert_array_equal(kept, values, name)


class Disk(NamedTuple):
    free: int


def test_a_full_disk_is_said_before_anything_is_written(
    shop: tuple[ItemIndex, list[Example]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example, shelf = shop[1][0], Shelf(tmp_path)
    shelf.to_come = 10**6
    monkeypatch.setattr(stored.shutil, "disk_usage", lambda folder: Disk(10**9))
    with pytest.raises(LsifError, match=r"lessons of 1,000,000 users need some .* 1\.0 GB free: make \[training\]"):
        shelf.keep([example.snapshot], example.targets)
    assert not list((tmp_path / "0").iterdir())


def test_a_folder_is_gone_when_its_training_ends_and_when_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch(tmp_path) as folder:
        (folder / "lessons").write_text("much")
        raise ZeroDivisionError
    assert not list((tmp_path / "scratch").iterdir())


def test_the_next_training_takes_away_what_a_killed_one_left_and_no_other(tmp_path: Path) -> None:
    lines = ["import os, pathlib, sys", "from lsif.learning.scratch import scratch"]
    lines += ["with scratch(pathlib.Path(sys.argv[1])) as folder: print(folder, flush=True); os.kill(os.getpid(), 9)"]
    command = [sys.executable, "-c", "\n".join(lines), str(tmp_path)]
    with scratch(tmp_path) as running:
        killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        left = Path(killed.stdout.strip())
        assert left.is_dir()
        with scratch(tmp_path) as new:
            assert sorted((tmp_path / "scratch").iterdir()) == sorted([running, new])
