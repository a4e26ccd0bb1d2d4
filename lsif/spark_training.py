"""A training in several processes at once: `LSIF_TRAIN_PROCESSES=4`, on the cluster of `LSIF_SPARK_MASTER` or here.

Each runs the job as torchrun would run it (`lsif.learning.ranks`). On a cluster Spark starts them, on one machine they
are children of the job.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from lsif.errors import LsifError
from lsif.spark_master import is_local, spark_master

TOLD = ("LSIF_HOME", "LSIF_CONFIG", "LSIF_TABLES", "LSIF_PROJECT", "MLFLOW_TRACKING_URI", "LSIF_MLFLOW_LOGIN_FILE")
"""What executors are told of the driver's environment. No keys: settings are shown in logs."""


def asked_for() -> bool:
    """Whether processes are to be started: not in one that was started so."""
    return "LSIF_TRAIN_PROCESSES" in os.environ and "RANK" not in os.environ


def distribute(script: Path, arguments: Sequence[str]) -> None:
    """Run a job in so many processes at once; each needs a free core of the cluster.

    Raises:
        LsifError: `LSIF_TRAIN_PROCESSES` is no number from 1.
        OutageError: Spark's master does not answer.
        RuntimeError: a process on the cluster failed; the last of what they said.
        SystemExit: a process here failed, and has said why; with its exit code.
    """
    count = os.environ["LSIF_TRAIN_PROCESSES"]
    if not count.isdecimal() or int(count) < 1:
        raise LsifError(f"LSIF_TRAIN_PROCESSES={count} is no number of processes")

    if is_local(spark_master()):
        from lsif.learning.ranks_here import run_here

        run_here(script, arguments, int(count))
        return

    from pyspark.ml.torch.distributor import TorchDistributor

    from lsif.spark import session

    told = {f"spark.executorEnv.{name}": os.environ[name] for name in TOLD if name in os.environ}
    spark = session(script.stem, more=told)
    gpus = spark.conf.get("spark.task.resource.gpu.amount", "0") != "0"
    TorchDistributor(num_processes=int(count), local_mode=False, use_gpu=gpus).run(str(script), *arguments)
