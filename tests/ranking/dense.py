"""Scores by the model's dense formula, every user with every item, and lists by name."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from lsif.config import Settings
from lsif.features.shared import shared
from lsif.features.snapshot import snapshot
from lsif.model.batch import batch_of
from lsif.model.fusion_model import scores
from lsif.ranking.trained import TrainedModel
from tests.known import Known
from tests.ranking import shop

BOUGHT = {(user, item) for user, item, _ in shop.events()}


def lists(rows: pa.Table, name: str = "for_you") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = rows.filter(pc.field("list") == name)
    for row in rows.sort_by([("user_id", "ascending"), ("rank", "ascending")]).to_pylist():
        found.setdefault(row["user_id"], []).append(row["item_id"])
    return found


def brute_force(
    trained: TrainedModel, night: Known, settings: Settings, states: pa.Table | None = None, ids: pa.Array | None = None
) -> dict[str, dict[str, float]]:
    """Every available item's score by the model's own dense formula in float64."""
    of = shared(night.states(settings) if states is None else states, night.ds, trained.index)
    shot = snapshot(night.users().only(night.ids if ids is None else ids), of, settings)
    model = deepcopy(trained.model).double().eval()
    batch = batch_of(shot, np.arange(len(shot)))
    doubles = {n: v.double() for n, v in vars(batch).items() if v.is_floating_point()}
    batch = type(batch)(**{**vars(batch), **doubles})
    with torch.inference_mode():
        items = model.all_items(trained.index, shot.item_features, shot.item_factors)
        dense = scores(model(batch, items), batch, items).numpy()
    open_to_all = set(night.items.filter(night.items["available"])["item_id"].to_pylist())
    ids = trained.index.item_ids.to_pylist()
    return {
        user: {item: value for item, value in zip(ids, row, strict=True) if item in open_to_all}
        for user, row in zip(shot.user_ids.to_pylist(), dense, strict=True)
    }


def to_nobody(trained: TrainedModel, night: Known, settings: Settings) -> dict[str, float]:
    """Every available item's score for a user of whom nothing is known."""
    gone = {name: getattr(night, name).slice(0, 0) for name in ("histories", "windows", "user_tiles")}
    stranger = replace(night, **gone)
    return brute_force(trained, stranger, settings, night.states(settings), ids=pa.array(["x"]))["x"]
