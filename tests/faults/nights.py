"""Run as a program: the steps of a night in one process, each as its job does it.

python -m tests.faults.nights DS [--force]
"""

import runpy
import sys

from tests.scripts import JOBS

STEPS = (
    "ingest_items",
    "events_to_interests",
    "embed_items",
    "score_users",
    "audit_recommendations",
    "publish_recommendations",
    "join_feedback",
    "user_interests",
)


def night(ds: str, *arguments: str) -> None:
    """Stops where a step does.

    Raises:
        SystemExit: with its code.
    """
    for step in STEPS:
        script = str(JOBS / f"{step}.py")
        sys.argv = [script, "--ds", ds, *arguments]
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            if end.code:
                raise


if __name__ == "__main__":
    night(*sys.argv[1:])
