"""Where Spark runs, told without loading it."""

import os


def spark_master() -> str:
    """What `LSIF_SPARK_MASTER` names; by default this machine."""
    return os.environ.get("LSIF_SPARK_MASTER", "local[*]")


def is_on_cluster() -> bool:
    return not spark_master().startswith("local")
