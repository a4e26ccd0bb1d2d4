"""A night in MLflow: what its page asks of a version, and the page itself beside the models."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsif.errors import LsifError
from lsif.outages import without_login
from lsif.registry.connection import reaching
from lsif.registry.registry import Registry

NIGHTS = "lsif-nights"
"""Experiment with a run for each night."""
SEEN = "LSIF_MLFLOW_URL"
"""Variable with MLflow's address for browsers, where jobs call it by another."""
PAGE = "page"
"""Folder of a run's artefacts."""


def facts(registry: Registry, number: str) -> tuple[Mapping[str, str], Sequence[dict[str, Any]]]:
    """Tags of a version, and the rows of its training's comparison; none where that file is gone.

    Raises:
        LsifError: MLflow does not answer, or the version is gone.
    """
    if not number.isdecimal():  # popular lists, which no version made
        return {}, ()
    version = registry.version(number)
    try:
        return version.tags, registry.evaluation(version)["comparison"]
    except (LsifError, KeyError, OSError):
        return version.tags, ()


def log_page(registry: Registry, ds: str, file: Path) -> str:
    """Put a night's page beside the models, in the run of that night, and give its address there.

    Raises:
        LsifError: MLflow does not answer, or refuses.
    """
    import mlflow

    registry.select()
    with reaching(registry.uri):
        experiment = _experiment(registry)
        found = registry.client.search_runs([experiment], f"tags.ds = '{ds}'", max_results=1)
        given = {"run_id": found[0].info.run_id} if found else {"run_name": f"night {ds}", "experiment_id": experiment}
        with mlflow.start_run(**given) as run:
            mlflow.set_tag("ds", ds)
            mlflow.log_artifact(str(file), PAGE)
    seen = without_login(os.environ.get(SEEN) or registry.uri)
    return f"{seen.rstrip('/')}/#/experiments/{experiment}/runs/{run.info.run_id}/artifacts/{PAGE}/{file.name}"


def drop_page(registry: Registry, ds: str) -> None:
    """Delete a night's page from its run.

    Raises:
        LsifError: MLflow does not answer, or refuses.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    registry.select()
    with reaching(registry.uri):
        found = registry.client.get_experiment_by_name(NIGHTS)
        runs = registry.client.search_runs([found.experiment_id], f"tags.ds = '{ds}'") if found else []
        for run in runs:
            get_artifact_repository(run.info.artifact_uri).delete_artifacts(PAGE)


def _experiment(registry: Registry) -> str:
    found = registry.client.get_experiment_by_name(NIGHTS)
    return str(found.experiment_id if found else registry.client.create_experiment(NIGHTS, registry._artifacts()))
