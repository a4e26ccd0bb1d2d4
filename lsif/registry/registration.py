"""From a trained model to a registered version: one run, its files, its metrics, its tags."""

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsif.evaluation.compare import Comparison
from lsif.failpoints import failpoint
from lsif.features.ragged import Array
from lsif.learning.training import Epoch
from lsif.model.fusion_model import SOURCES
from lsif.ranking.trained import TrainedModel
from lsif.registry.bundle import save_model
from lsif.registry.connection import reaching
from lsif.registry.manifest import write_manifest
from lsif.registry.pyfunc import Interests, made_up_input
from lsif.registry.registry import CHALLENGER, EVALUATION, MODEL, Registry

if TYPE_CHECKING:
    from mlflow.models import ModelSignature
    from mlflow.models.model import ModelInfo

LOADER = "lsif.registry.pyfunc"
TRAINING = "training"
"""Tag of a version: the fit that made it."""
REQUIREMENTS = ("torch", "numpy", "pyarrow", "pydantic", "safetensors")


@dataclass(frozen=True)
class Candidate:
    """A trained model on its way to the registry.

    Attributes:
        ds: the day it was trained for.
        settings: everything it was trained with, as plain values by section.
        comparison: rows of `evaluation.compare` on the held-out days.
        evaluation: what else the gate reads, beside the comparison.
        epochs: every epoch that ran, in order.
        hashes: config_hash, code_hash and data_hash.
        drawn: how many of how many were looked at, in words.
        privacy: tags of what a private training spent.
        training: id of the fit; a version is registered of it once, however often that is tried.
    """

    trained: TrainedModel
    ds: str
    settings: dict[str, dict[str, Any]]
    comparison: Comparison
    evaluation: dict[str, Any]
    epochs: Sequence[Epoch] = ()
    hashes: dict[str, str] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)
    privacy: dict[str, str] = field(default_factory=dict)
    training: str = ""


def register(registry: Registry, candidate: Candidate) -> str:
    """Log a run, register its model, and call the new version `challenger`; returns the version number.

    A try before may have come as far as the version: then it is that one.

    Raises:
        LsifError: MLflow does not answer, or refuses.
    """
    number = registered(registry, candidate.training) or _new_version(registry, candidate)
    failpoint("after_register")
    registry.point(CHALLENGER, number)
    return number


def registered(registry: Registry, training: str) -> str | None:
    """The version of a fit, None where there is none (any more)."""
    numbers = (one.number for one in registry.versions() if training and one.tags.get(TRAINING) == training)
    return next(numbers, None)


def _new_version(registry: Registry, candidate: Candidate) -> str:
    import mlflow

    registry.select()
    with reaching(registry.uri):
        with mlflow.start_run(experiment_id=registry.experiment(), run_name=f"train {candidate.ds}"):
            # First: it asks for the history of every metric that the run has by then, a request each.
            logged, digest = _log_model(candidate)
            _log(candidate, logged.model_id)
        failpoint("after_log")
        return str(mlflow.register_model(logged.model_uri, registry.name, tags=_tags(candidate, digest)).version)


def _log(candidate: Candidate, model_id: str | None) -> None:
    """What a training measured, at its run; its comparison at the model, too."""
    import mlflow

    mlflow.log_params(dict(_flat({**candidate.settings, "drawn": candidate.drawn})))
    mlflow.set_tags({"ds": candidate.ds, **candidate.hashes})
    mlflow.log_metrics(dict(_metrics(candidate.comparison)), model_id=model_id)
    mlflow.log_param("popularity_starts_with", candidate.trained.model.popularity.starts_with())
    believed = zip(SOURCES, candidate.trained.model.trust.tolist(), strict=True)
    mlflow.log_metrics({f"trust_in_{source}": trust for source, trust in believed})
    mlflow.log_metric("rows_stretched_by", float(candidate.trained.model.repeat.stretch))
    for epoch in candidate.epochs:
        measured = {
            "loss": epoch.loss,
            "validation_ndcg_at_10": epoch.ndcg,
            "validation_loss_of_new": epoch.new_loss,
            "validation_loss_of_own": epoch.own_loss,
        }
        mlflow.log_metrics(measured, step=epoch.number)
    mlflow.log_dict({**candidate.evaluation, "comparison": candidate.comparison}, EVALUATION)


def _log_model(candidate: Candidate) -> tuple["ModelInfo", str]:
    """The logged model and the digest of its manifest."""
    import mlflow

    example = made_up_input(candidate.trained)
    with tempfile.TemporaryDirectory(prefix="lsif-model-") as place:
        folder = Path(place) / MODEL
        folder.mkdir()
        save_model(folder, candidate.trained, {"ds": candidate.ds, **candidate.settings, **candidate.hashes})
        digest = write_manifest(folder)
        with warnings.catch_warnings():
            # The signature is given; an example of every item's features would weigh more than the model.
            warnings.filterwarnings("ignore", ".*input example was not provided", UserWarning)
            info = mlflow.pyfunc.log_model(
                name=MODEL,
                loader_module=LOADER,
                data_path=str(folder),
                signature=_signature(example, Interests(candidate.trained).predict(example)),
                pip_requirements=[f"{name}=={installed(name).partition('+')[0]}" for name in REQUIREMENTS],
            )
    return info, digest


def _signature(inputs: dict[str, Array], outputs: dict[str, Array]) -> "ModelSignature":
    """Names, types and shapes; -1 where a length is free: users, items, rows of histories and windows, searches."""
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    def free(name: str, array: Array) -> tuple[int, ...]:
        ragged = name in ("repeat", "group", "groups") or name.startswith(
            ("history", "window", "search", "tail_", "group_")
        )
        return (-1, -1, *array.shape[2:]) if ragged else (-1, *array.shape[1:])

    def schema(arrays: dict[str, Array]) -> Schema:
        return Schema([TensorSpec(array.dtype, free(name, array), name) for name, array in arrays.items()])

    return ModelSignature(inputs=schema(inputs), outputs=schema(outputs))


def _tags(candidate: Candidate, digest: str) -> dict[str, str]:
    trained = candidate.trained
    return {
        "ds": candidate.ds,
        "trained_through": trained.trained_through,
        "text_encoder": trained.index.text_encoder,
        "manifest_sha256": digest,
        **candidate.hashes,
        **candidate.privacy,
        **({TRAINING: candidate.training} if candidate.training else {}),
    }


def _metrics(comparison: Comparison) -> Iterator[tuple[str, float]]:
    """`for_you.lsif.ndcg_at_10` and so on, with the ends of the interval; MLflow allows no @ in names."""
    for row in comparison:
        name = f"{row['list']}.{row['contender']}.{str(row['metric']).replace('@', '_at_')}"
        yield name, float(row["value"])
        yield f"{name}.low", float(row["low"])
        yield f"{name}.high", float(row["high"])


def _flat(sections: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    return ((f"{section}.{key}", value) for section, values in sections.items() for key, value in values.items())
