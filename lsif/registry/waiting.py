"""A trained model that waits for MLflow: beside the tables from its judgement on, so that a retry fits nothing again.

It stays there until the next training, or a purge of erased users: whoever loses MLflow registers it again.
"""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsif.errors import LsifError, OutageError
from lsif.learning.training import Epoch
from lsif.registry.bundle import load_model, save_model
from lsif.registry.manifest import verify_manifest, write_manifest
from lsif.registry.registration import Candidate
from lsif.tables import Tables
from lsif.tables.kept import TRAINING, Kept

WORDS = "candidate.json"


def keep(tables: Tables, key: str, candidate: Candidate) -> None:
    """Keep a candidate instead of the one before it.

    Args:
        key: of all that it was made of and judged by: another training finds nothing under its own.
    """
    words = {name: value for name, value in vars(candidate).items() if name != "trained"}
    words["epochs"] = [asdict(epoch) for epoch in candidate.epochs]
    with tempfile.TemporaryDirectory(prefix="lsif-model-") as place:
        save_model(Path(place), candidate.trained, {})
        (Path(place) / WORDS).write_text(json.dumps(words, default=_plain))
        digest = write_manifest(Path(place))
        about = {"files": candidate.training, "key": key, "manifest_sha256": digest}
        Kept(tables.root, TRAINING).keep(Path(place), about)


def waiting(tables: Tables, key: str) -> Candidate | None:
    """The candidate that is kept under `key`; None, with a line that says why, where it cannot be read."""
    kept = Kept(tables.root, TRAINING)
    about = kept.about()
    if about is None or about.get("key") != key:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="lsif-model-") as place:
            kept.fetch(about["files"], Path(place))
            verify_manifest(Path(place), about["manifest_sha256"])
            return _read(Path(place))
    except OutageError:
        raise
    except (LsifError, FileNotFoundError) as error:
        print(f"the model that was trained before cannot be read, and is trained again: {error}", flush=True)
        return None


def _read(folder: Path) -> Candidate:
    words = json.loads((folder / WORDS).read_text())
    words["epochs"] = [Epoch(**epoch) for epoch in words["epochs"]]
    trained = load_model(folder, "challenger")
    return Candidate(trained, **words)


def _plain(number: Any) -> Any:
    """A number of numpy as one of Python."""
    return number.item()
