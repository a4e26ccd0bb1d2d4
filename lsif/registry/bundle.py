"""A model as plain files: weights and vocabulary as safetensors and JSON, nothing that could run code when loaded."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file

from lsif.config import Interests
from lsif.errors import OtherRelease
from lsif.features.vocabulary import ItemIndex
from lsif.model.fusion_model import FusionModel, Shape
from lsif.ranking.trained import TrainedModel

WEIGHTS, ARRAYS, VOCABULARY, CARD = "weights.safetensors", "items.safetensors", "vocabulary.json", "model.json"
WRONG = (OSError, AttributeError, LookupError, TypeError, ValueError, RuntimeError, MemoryError, SafetensorError)
"""What files that are no model's raise, whatever stands in them."""
FORMAT = 6
"""What the numbers mean that a model reads and gives. 2: it knows a user of before and nobody; 1 did not say so. 3: its
item features know hours, and beside an item's factor stand its takers. 4: they know minutes. 5: history rows know
hours. 6: searches are read, items are born when they are published, and history rows count the last events by type."""


def save_model(folder: Path, trained: TrainedModel, card: dict[str, Any]) -> None:
    """Write everything `load_model` needs; `card` is what else is worth knowing (settings, hashes)."""
    weights = {name: value.detach().cpu().contiguous() for name, value in trained.model.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    arrays, names = trained.index.to_artifacts()
    save_arrays({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / ARRAYS)
    own = {
        "format": FORMAT,
        "shape": asdict(trained.model.shape),
        "interests": trained.interests.model_dump(mode="json"),
        "trained_through": trained.trained_through,
    }
    (folder / VOCABULARY).write_text(json.dumps(names, ensure_ascii=False))
    (folder / CARD).write_text(json.dumps({**card, **own}, indent=1, ensure_ascii=False, sort_keys=True))


def load_model(folder: Path, version: str) -> TrainedModel:
    """The model in `folder`, ready to score; the files must have been verified before.

    Raises:
        OtherRelease: the weights do not fit this code, or mean something else to it.
    """
    try:
        card = json.loads((folder / CARD).read_text())
        if (made := card.get("format", 1)) != FORMAT:
            raise ValueError(f"it is of format {made}, this release reads {FORMAT}")
        model = FusionModel(Shape(**card["shape"]))
        model.load_state_dict(load_file(folder / WEIGHTS))
        index = ItemIndex.from_artifacts(load_arrays(folder / ARRAYS), json.loads((folder / VOCABULARY).read_text()))
        interests = Interests.model_validate(card["interests"])
    except WRONG as error:
        raise OtherRelease(
            f"model version {version} does not fit this release, train again: {_first_line(error)}"
        ) from error
    return TrainedModel(model.eval(), index, version, interests, card["trained_through"])


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
