"""Make the page of D, reports/D.html below LSIF_HOME, and the index over all nights; put it into MLflow, too.

    python jobs/report.py --ds 2017-10-31

It is made whatever became of the night: of one that was held back it says why. No list waits for it. The last line is
its address, in MLflow where that answers.
"""

import os
import sys
from pathlib import Path

from lsif.errors import LsifError
from lsif.job import Job, run_steps
from lsif.morning import pages
from lsif.registry import Registry
from lsif.registry.nights import log_page

OF_PAGE = ("lists", "ranking", "feedback", "fairness", "text", "report", "privacy")
SECTIONS = ("event_types", "interests", "training", "llm", *OF_PAGE)


def make(job: Job) -> None:
    mlflow = os.environ.get("MLFLOW_TRACKING_URI")
    for file in pages(job.tables, job.ds, job.settings, mlflow, job.settings.report.users):
        print(f"report ds={job.ds}: {file}")
        address = _shown(job, mlflow, file)  # each time: the next one may be cut short
    print(address)


def _shown(job: Job, mlflow: str | None, file: Path) -> str:
    """The page's address in MLflow, where that answers, else its file."""
    try:
        return log_page(Registry(mlflow), job.ds, file) if mlflow else str(file)
    except LsifError as error:  # the file is there all the same
        print(f"report ds={job.ds}: {error}", file=sys.stderr)
        return str(file)


if __name__ == "__main__":
    run_steps(__doc__, make, SECTIONS)
