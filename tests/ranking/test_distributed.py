"""A training that starts two processes makes the model of torchrun's two, and no other machine reaches them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lsif.config import project_folder
from lsif.errors import LsifError
from lsif.learning.ranks_here import run_here
from lsif.registry import Registry
from lsif.spark_training import asked_for, distribute
from tests.ranking import shop
from tests.ranking.harness import Shop
from tests.scripts import JOBS
from tests.watch import Watch

pytest_plugins = ["tests.ranking.harness"]


def train(*command: str, **environment: str) -> str:
    """Run the job and give what it said."""
    own = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(project_folder()), **environment}
    arguments = [*command, str(JOBS / "train.py"), "--ds", shop.DS, "--force"]
    ran = subprocess.run(arguments, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.long  # five processes that import torch
def test_two_processes_of_its_own_make_the_model_of_torchruns_two(trained: Shop) -> None:
    with Watch(trained.home, b"no secret") as seen:
        said = train(sys.executable, LSIF_TRAIN_PROCESSES="2", LSIF_SPARK_MASTER="local[2]")
    assert len(seen.processes) >= 3 and seen.open == set()
    assert said.count("trained along with the first process") == 1
    train(str(Path(sys.executable).parent / "torchrun"), "--standalone", "--nproc-per-node", "2")
    assert [version.number for version in Registry().versions()] == ["1", "2", "3"]
    own, torchrun = (Registry().load(number).model.state_dict() for number in ("2", "3"))
    assert all(torch.equal(weights, torchrun[name]) for name, weights in own.items())
    assert not list((trained.home / "scratch").iterdir())


@pytest.mark.long  # two processes that import torch
def test_all_end_with_the_code_of_the_one_that_fails(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    last = "os.environ['RANK'] == '1'"
    script.write_text(f"import os, sys, time; time.sleep(0 if {last} else 600); sys.exit(int(sys.argv[1]))")
    with pytest.raises(SystemExit) as ended:
        run_here(script, ["75"], 2)
    assert ended.value.code == 75


def test_who_was_started_so_starts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSIF_TRAIN_PROCESSES", raising=False)
    assert not asked_for()
    monkeypatch.setenv("LSIF_TRAIN_PROCESSES", "two")
    assert asked_for()
    with pytest.raises(LsifError, match="LSIF_TRAIN_PROCESSES=two is no number of processes"):
        distribute(Path("train.py"), [])
    monkeypatch.setenv("RANK", "1")
    assert not asked_for()
