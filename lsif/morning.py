"""The page of a night, from tables and registry to a file: for the night's last task and for whoever asks."""

from pathlib import Path

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.registry import Registry
from lsif.registry.nights import facts
from lsif.report.night import ModelFacts, Night, version_of
from lsif.report.page import write
from lsif.tables import Tables

FOLDER = "reports"
"""Below LSIF_HOME."""


def make_page(tables: Tables, ds: str, settings: Settings, mlflow: str | None, with_users: bool) -> Path:
    """Write the page of `ds` and the index; what MLflow does not tell is missing there, with the reason.

    Args:
        mlflow: its address, None where nobody knows it.
    """
    return write(Night(tables, ds, settings, _model(tables, ds, mlflow), with_users), settings.home / FOLDER)


def _model(tables: Tables, ds: str, mlflow: str | None) -> ModelFacts | None:
    version = version_of(tables, ds)
    if version is None:
        return None
    if mlflow is None:
        return ModelFacts(version, {}, (), "MLFLOW_TRACKING_URI is not set")
    try:
        return ModelFacts(version, *facts(Registry(mlflow), version))
    except LsifError as error:
        return ModelFacts(version, {}, (), str(error))
