"""The page of a night, from tables and registry to a file: for the night's last task and for whoever asks."""

import sys
from collections.abc import Iterator
from pathlib import Path

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.registry import Registry
from lsif.registry.nights import facts
from lsif.report.judged import metric, moved
from lsif.report.night import PAGES, Change, ModelFacts, Night, version_of
from lsif.report.page import write
from lsif.tables import Tables


def pages(tables: Tables, ds: str, settings: Settings, mlflow: str | None, with_users: bool) -> Iterator[Path]:
    """Write the page of `ds` and the index, and once more where causes are known of scores that moved.

    Causes take a model and minutes, and may fail: the page is there before. What MLflow does not tell is missing there,
    with the reason.

    Args:
        mlflow: its address, None where nobody knows it.

    Yields:
        The page's file, the same one, each time that it is written.
    """
    night = Night(tables, ds, settings, _model(tables, ds, mlflow), with_users)
    yield write(night, settings.home / PAGES)
    night.changes = list(_changes(night))
    if night.changes:
        yield write(night, settings.home / PAGES)


def _changes(night: Night) -> Iterator[Change]:
    """Of scores that moved beyond chance; what cannot be told of one is left out."""
    for name, against, ds in moved(night):
        try:
            yield _change(night, name, against, ds)
        except Exception as error:  # whatever it is, the page of the night stays as it is
            told = error if isinstance(error, LsifError) else f"{type(error).__name__}: {error}"
            print(f"the change of {name} from {against} to {ds} is not explained: {told}", file=sys.stderr)


def _change(night: Night, name: str, against: str, ds: str) -> Change:
    from lsif.evaluation.explain import explain  # and torch, which most pages do without
    from lsif.evaluation.worth import Measure
    from lsif.lookup import model_of

    measure = Measure.of(name, metric(night), night.settings)
    found = explain(night.tables, ds, against, measure, night.settings, model_of)
    return Change(name, against, ds, found.before, found.after, found.parts)


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
