"""Several processes of this machine that train together: children of the job, who meet in a file.

torchrun's meeting place listens to whoever reaches the machine, and asks nobody who they are.
"""

import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch.distributed as dist
from torch.multiprocessing.spawn import ProcessExitedException, spawn

from lsif.learning.ranks import meet


def run_here(script: Path, arguments: Sequence[str], count: int) -> None:
    """Run a job in `count` processes at once, as torchrun would run it.

    Raises:
        SystemExit: one of them failed, and has said why; with its exit code.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as torchrun does: they share the cores
    with tempfile.TemporaryDirectory(prefix="lsif-ranks-") as folder:
        try:
            spawn(_rank, (str(script), list(arguments), folder, count), count)
        except ProcessExitedException as error:
            raise SystemExit(max(error.exit_code, 1)) from error


def _rank(rank: int, script: str, arguments: list[str], folder: str, count: int) -> None:
    counted = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    os.environ.update({name: str(number) for name, number in counted.items()})
    meet(f"file://{folder}/meeting")
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        dist.destroy_process_group()
