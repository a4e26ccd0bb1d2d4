"""Versions and aliases of one registered model."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsif.errors import LsifError, OutageError
from lsif.outages import explained
from lsif.registry.connection import apply_defaults, reaching, tracking_uri
from lsif.registry.manifest import verify_manifest

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from lsif.ranking.trained import TrainedModel

MODEL = "lsif"
CHAMPION, CHALLENGER, PREVIOUS = ALIASES = ("champion", "challenger", "previous")
EVALUATION = "evaluation.json"
HASHES = ("data_hash", "config_hash", "code_hash")
"""Tags of a version that together say what it was made of."""


@dataclass(frozen=True)
class Version:
    """One registered version; everything LSIF knows about it without loading it is in its tags.

    `ds` is the day it was trained for, `trained_through` the last day it learned from, `gate` PASS or HOLD.
    """

    number: str
    run_id: str
    tags: dict[str, str]

    @property
    def trained_through(self) -> str:
        return self.tags["trained_through"]

    @property
    def trusted(self) -> bool:
        """Whether it may score nights: the last decision on it, or the gate where nobody has decided."""
        decision = self.tags.get("decision")
        return decision == "promoted" or (decision is None and self.tags.get("gate") == "PASS")

    @property
    def rolled_back(self) -> bool:
        """Whether a person took it down and nobody has brought it back."""
        return self.tags.get("decision") == "rolled_back"

    @property
    def made_of(self) -> str | None:
        """A hash that versions share when data, settings and code of their trainings were the same."""
        parts = [self.tags.get(name) for name in HASHES]
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest() if all(parts) else None


class Registry:
    """One registered model on one MLflow.

    Args:
        uri: MLflow's tracking URI; default: MLFLOW_TRACKING_URI.
        name: registered model (and experiment of its runs).

    Attributes:
        moved: where this object has pointed aliases, and `alias_history` does not know yet.
    """

    def __init__(self, uri: str | None = None, name: str = MODEL) -> None:
        apply_defaults()
        self.uri, self.name = uri or tracking_uri(), name
        self.moved: dict[str, str] = {}

    @cached_property
    def client(self) -> "MlflowClient":
        from mlflow import MlflowClient  # seconds to import, and not every caller gets this far

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def select(self) -> None:
        """Point MLflow's functions here: unlike its client, they read where to go from the process."""
        import mlflow

        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)

    def aliases(self) -> dict[str, str]:
        """Alias → version number; empty before the first registration.

        By a search: where MLflow asks who is there, it refuses to say that what is asked for by name is not there.
        """
        with reaching(self.uri):
            found = self.client.search_registered_models(f"name='{self.name}'")
        return {alias: str(number) for model in found for alias, number in model.aliases.items()}

    def versions(self) -> list[Version]:
        """All versions, oldest first."""
        with reaching(self.uri):
            pages = self._pages()
            found = [Version(str(v.version), v.run_id, dict(v.tags)) for page in pages for v in page]
        return sorted(found, key=lambda version: int(version.number))

    def version(self, chosen: str) -> Version:
        """The version that a number or an alias names.

        Raises:
            LsifError: there is none.
        """
        aliases = self.aliases()
        number = aliases.get(chosen, chosen)
        for version in self.versions():
            if version.number == number:
                return version
        known = ", ".join(f"{alias} = {number}" for alias, number in sorted(aliases.items())) or "no alias is set"
        raise LsifError(f"model {self.name} has no version or alias {chosen!r} ({known})")

    def trained_for(self, ds: str) -> Version:
        """The newest version trained for `ds`.

        Raises:
            LsifError: no training of that day registered one.
        """
        found = [version for version in self.versions() if version.tags.get("ds") == ds]
        if not found:
            raise LsifError(f"no version of model {self.name} was trained for ds={ds}: run jobs/train.py first")
        return found[-1]

    @contextmanager
    def folder(self, version: Version) -> Iterator[Path]:
        """The version's files, verified, in a folder that is gone afterwards.

        Raises:
            LsifError: MLflow does not answer, or a file is not what was registered.
        """
        from mlflow.artifacts import download_artifacts

        self.select()
        with tempfile.TemporaryDirectory(prefix="lsif-model-") as place:
            try:
                with reaching(self.uri):
                    download_artifacts(artifact_uri=f"models:/{self.name}/{version.number}", dst_path=place)
            except OSError as error:
                raise explained(f"the files of model version {version.number} cannot be read", error) from error
            files = Path(place) / "data" / MODEL
            verify_manifest(files, version.tags.get("manifest_sha256"))
            yield files

    def load(self, number: str) -> "TrainedModel":
        """The model of a version, verified, ready to score."""
        version = self.version(number)
        with self.folder(version) as files:
            return self.read(files, version)

    def read(self, files: Path, version: Version) -> "TrainedModel":
        """The model in verified files."""
        from lsif.registry.bundle import load_model  # imports torch, which reading tags does not need

        return load_model(files, version.number)

    def readable(self, number: str) -> "TrainedModel | None":
        """The same; None, with a line that says so, where it is gone, damaged, or of a release that we cannot read.

        Raises:
            OutageError: MLflow does not answer.
        """
        try:
            return self.load(number)
        except OutageError:
            raise
        except LsifError as error:
            print(f"no champion to compare with: {error}", flush=True)
            return None

    def text_encoder(self, version: Version) -> str:
        """The setting that named the text encoder of its training; empty where its run does not say so.

        Raises:
            LsifError: its run is gone.
        """
        with reaching(self.uri):
            return str(self.client.get_run(version.run_id).data.params.get("model.text_encoder", ""))

    def experiment(self) -> str:
        """Id of the experiment that holds the runs, made when it is not there."""
        found = self.client.get_experiment_by_name(self.name)
        return found.experiment_id if found else self.client.create_experiment(self.name, self._artifacts())

    def evaluation(self, version: Version) -> dict[str, Any]:
        """What the training measured on its held-out days."""
        from mlflow.artifacts import load_dict

        self.select()
        with reaching(self.uri):
            location = self.client.get_run(version.run_id).info.artifact_uri
            return dict(load_dict(f"{location}/{EVALUATION}"))

    def point(self, alias: str, number: str) -> None:
        """Make `alias` name a version; MLflow has no compare-and-swap, so the last one to call wins."""
        with reaching(self.uri):
            self.client.set_registered_model_alias(self.name, alias, number)
        self.moved[alias] = number

    def tag(self, version: Version, **tags: str) -> None:
        with reaching(self.uri):
            for key, value in tags.items():
                self.client.set_model_version_tag(self.name, version.number, key, value)

    def _artifacts(self) -> str | None:
        """Where files go: a server decides itself; without one they lie beside the database, not in the cwd."""
        place = self.uri.removeprefix("sqlite:///")
        return None if place == self.uri else Path(place).with_name("artifacts").as_uri()

    def _pages(self) -> Iterator[Any]:
        token = None
        while True:
            page = self.client.search_model_versions(f"name='{self.name}'", page_token=token)
            yield page
            token = page.token
            if not token:
                return
