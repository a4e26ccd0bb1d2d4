"""From a delivery to tables, by the product's own jobs. Their ledger makes a second preparation a no-op."""

import os
import subprocess
import sys

from benchmarks.quality.logs import Log, use
from lsif.config import Settings, load_settings, project_folder
from lsif.features.steps import stale_states
from lsif.interests.bases import history_settings, usable_bases
from lsif.interests.storing import stale_windows, window_dates
from lsif.learning.cutoffs import cutoffs
from lsif.tables import Tables


def prepared(log: Log, stages: tuple[str, ...]) -> tuple[Tables, Settings]:
    """Tables that hold the log, and histories and windows at every date that a training or a list asks for."""
    home = use(log)
    if log.land:
        log.land(home)
    _run("jobs/ingest_items.py", "--ds", log.first)
    _run("jobs/import_past.py", "--from", log.first, "--ds", log.last)
    _run("jobs/embed_items.py", "--ds", log.last, "--for-training")  # a night's would ask a registry
    settings = load_settings()
    tables = Tables(settings.tables)
    if missing := _missing(tables, settings, log, stages):
        _run("-m", "benchmarks.quality.cutoffs", *missing)
    return tables, settings


def _missing(tables: Tables, settings: Settings, log: Log, stages: tuple[str, ...]) -> list[str]:
    """Dates whose histories, windows or states nobody wrote yet, or that were made otherwise than is asked now."""
    cuts = [cut for stage in stages for cut in log.cuts(stage)]
    wanted = sorted({day for cut in cuts for day in (cut, *cutoffs(cut, settings.training, log.first).all())})
    reached = {ds: set(window_dates(tables, ds, settings)) for ds in wanted}
    stale = set(stale_windows(tables, settings, sorted(set().union(*reached.values()))))
    usable = usable_bases(tables, wanted[-1], history_settings(settings))
    due = set(wanted) - set(usable) | set(stale_states(tables, wanted, settings))
    return [ds for ds in wanted if ds in due or reached[ds] & stale]


def _run(*command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(project_folder())}
    subprocess.run([sys.executable, *command], check=True, cwd=project_folder(), env=environment)
