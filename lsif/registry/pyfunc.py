"""The model for MLflow's own tools: `mlflow.pyfunc.load_model("models:/lsif@champion")`.

MLflow imports this module by name and hands it the verified folder, so nothing is unpickled. It computes interests
from tensors; lists need the tables too, and `lsif.ranking.scoring` makes them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from lsif.features.ragged import Array
from lsif.model.batch import Batch
from lsif.ranking.trained import TrainedModel
from lsif.registry.bundle import load_model
from lsif.registry.manifest import verify_manifest

ITEM_FEATURES, ITEM_FACTORS = "item_features", "item_factors"
OUTPUTS = ("long", "short", "groups", "popularity_gain", "repeat", "tail")


class Interests:
    """`predict`: named arrays of a `Batch` and the items' features and factors in, named arrays of interests out."""

    def __init__(self, trained: TrainedModel) -> None:
        self.trained = trained

    def predict(self, inputs: dict[str, Array], params: dict[str, Any] | None = None) -> dict[str, Array]:
        features = {name: torch.from_numpy(np.array(array)) for name, array in inputs.items()}
        of_items = [features.pop(name).numpy() for name in (ITEM_FEATURES, ITEM_FACTORS)]
        batch = Batch(**features)
        model = self.trained.model
        with torch.inference_mode():
            items = model.all_items(self.trained.index, *of_items)
            interests = model(batch, items)
        return {name: getattr(interests, name).numpy() for name in OUTPUTS}


def _load_pyfunc(path: str) -> Interests:
    verify_manifest(Path(path))
    return Interests(load_model(Path(path), version="of MLflow"))


def made_up_input(trained: TrainedModel, users: int = 2, rows: int = 3) -> dict[str, Array]:
    """An input nobody left behind: MLflow stores examples, and a user's must never be one."""
    shape, drawn = trained.model.shape, np.random.default_rng(0)
    item = drawn.integers(0, shape.items, (users, rows))
    return {
        "history_item": item,
        "history_mask": np.ones((users, rows), bool),
        "history_features": drawn.random((users, rows, shape.history_features), np.float32),
        "window_item": item,
        "window_type": np.zeros((users, rows), np.int64),
        "window_age": np.tile(np.arange(rows, 0, -1, dtype=np.float32), (users, 1)),
        "window_basket": np.tile(np.arange(rows), (users, 1)),
        "window_mask": np.ones((users, rows), bool),
        "search_text": drawn.random((users, rows, shape.text_size), np.float32),
        "search_age": np.tile(np.arange(rows, 0, -1, dtype=np.float32), (users, 1)),
        "search_mask": np.ones((users, rows), bool),
        "user_features": drawn.random((users, shape.user_features), np.float32),
        "tail_item": item,
        "tail_mask": np.zeros((users, rows), bool),
        "group": np.tile(trained.index.groups.of[:1, 0], (users, rows)),
        "group_mask": np.ones((users, rows), bool),
        "group_features": drawn.random((users, rows, shape.group_features), np.float32),
        ITEM_FACTORS: drawn.random((shape.items, 2 * shape.width), np.float32),
        ITEM_FEATURES: drawn.random((shape.items, shape.item_features), np.float32),
    }
