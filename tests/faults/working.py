"""What the processes do that are killed: jobs, as they are, with all imported that takes them seconds."""

import os
import runpy
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.scripts import JOBS

for slow in ("mlflow.artifacts", "mlflow.pyfunc", "psycopg2", "torch", "lsif.delivery", "lsif.registry.waiting"):
    import_module(slow)


def act(action: dict[str, Any], meet: Callable[[], None] = lambda: None) -> None:
    """Run `jobs/<step>.py` in `env`; what it says goes to the file `log`."""
    os.environ.update(action["env"])
    script = str(JOBS / f"{action['step']}.py")
    sys.argv = [script, *action["arguments"]]
    with Path(action["log"]).open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    runpy.run_path(script, run_name="__main__")
