"""Where Spark runs, told without loading it."""

import os


def spark_master() -> str:
    """What `LSIF_SPARK_MASTER` names; by default this machine."""
    return os.environ.get("LSIF_SPARK_MASTER", "local[*]")


def is_local(master: str) -> bool:
    """Whether a master is this machine alone."""
    return master.startswith("local")
