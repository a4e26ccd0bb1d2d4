"""From a delivery to tables, by the product's own jobs. Their ledger makes a second preparation a no-op."""

import os
import subprocess
import sys

from benchmarks.quality.logs import Log, use
from lsif.config import Settings, load_settings, project_folder
from lsif.learning.cutoffs import cutoffs
from lsif.tables import Tables


def prepared(log: Log, stages: tuple[str, ...]) -> tuple[Tables, Settings]:
    """Tables that hold the log, and histories and windows at every date that a training or a list asks for."""
    home = use(log)
    if log.land:
        log.land(home)
    _run("jobs/ingest_items.py", "--ds", log.first)
    _run("jobs/embed_items.py", "--ds", log.first)
    _run("jobs/import_past.py", "--from", log.first, "--ds", log.last)
    settings = load_settings()
    tables = Tables(settings.tables)
    if missing := _missing(tables, settings, log, stages):
        _run("-m", "benchmarks.quality.cutoffs", *missing)
    return tables, settings


def _missing(tables: Tables, settings: Settings, log: Log, stages: tuple[str, ...]) -> list[str]:
    """Dates whose histories or windows nobody wrote yet."""
    cuts = [cut for stage in stages for cut in log.cuts(stage)]
    wanted = {day for cut in cuts for day in (cut, *cutoffs(cut, settings.training, log.first).all())}
    return sorted(wanted - (set(tables.days("recent_windows")) & set(tables.days("long_term_histories"))))


def _run(*command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(project_folder())}
    subprocess.run([sys.executable, *command], check=True, cwd=project_folder(), env=environment)
