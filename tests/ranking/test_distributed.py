"""A training that Spark starts in two processes makes the model of torchrun's two."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lsif.config import project_folder
from lsif.errors import LsifError
from lsif.registry import Registry
from lsif.spark_training import asked_for, distribute
from tests.ranking import shop
from tests.ranking.harness import Shop
from tests.scripts import JOBS

pytest_plugins = ["tests.ranking.harness"]


def train(*command: str, **environment: str) -> str:
    """Run the job and give what it said; all processes find each other on the loopback interface."""
    own = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(project_folder()), **environment}
    arguments = [*command, str(JOBS / "train.py"), "--ds", shop.DS, "--force"]
    ran = subprocess.run(arguments, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.long  # a JVM, and four processes that import torch
def test_two_processes_started_by_spark_make_the_model_of_torchruns_two(trained: Shop) -> None:
    said = train(sys.executable, LSIF_TRAIN_PROCESSES="2", LSIF_SPARK_MASTER="local[2]")
    assert said.count("trained along with the first process") == 1
    train(str(Path(sys.executable).parent / "torchrun"), "--standalone", "--nproc-per-node", "2")
    assert [version.number for version in Registry().versions()] == ["1", "2", "3"]
    spark, torchrun = (Registry().load(number).model.state_dict() for number in ("2", "3"))
    assert all(torch.equal(weights, torchrun[name]) for name, weights in spark.items())
    assert not list((trained.home / "scratch").iterdir())


def test_who_was_started_so_starts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSIF_TRAIN_PROCESSES", raising=False)
    assert not asked_for()
    monkeypatch.setenv("LSIF_TRAIN_PROCESSES", "two")
    assert asked_for()
    with pytest.raises(LsifError, match="LSIF_TRAIN_PROCESSES=two is no number of processes"):
        distribute(Path("train.py"), [])
    monkeypatch.setenv("RANK", "1")
    assert not asked_for()
