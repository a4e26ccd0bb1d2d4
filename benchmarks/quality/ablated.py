"""LSIF's model with one part taken away when it ranks; what is left is not trained again."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch

from lsif.model.batch import Batch
from lsif.model.fusion_model import SOURCES, FusionModel, Interests, Items

FIRST = 1e3
"""Level of the history rows where nothing is learned of it: before all else."""

Change = Callable[[FusionModel, Batch, Interests], dict[str, Any]]


def _zero(*names: str) -> Change:
    return lambda model, batch, interests: {name: torch.zeros_like(getattr(interests, name)) for name in names}


def _counted(model: FusionModel, batch: Batch, interests: Interests) -> dict[str, Any]:
    """The history rows by decayed count, as anyone would, in the place of what was learned of them."""
    counts = batch.history_features[..., model.neighbours.weight] * batch.history_mask
    return {"order": counts, "odds": counts, "level": torch.full_like(interests.level, FIRST)}


CHANGED: dict[str, Change] = {
    "long-term interest": _zero("long", "groups"),
    "groups": _zero("groups"),
    "short-term interest": _zero("short"),
    "popularity": _zero("popularity_gain"),
    "repeat term": _counted,
}
BLANK = {
    "text": lambda width: slice(None, width),
    "factors": lambda width: slice(width, None),
}
TAKERS = "takers of the last days"
PARTS = (*CHANGED, *BLANK, TAKERS)


def without(model: FusionModel, part: str) -> FusionModel:
    """A copy of `model` that ranks without `part`, one of `PARTS`."""
    left = deepcopy(model)
    if part == TAKERS:
        left.trust[SOURCES.index("takers")] = 0
    elif part in BLANK:
        columns = BLANK[part](model.shape.width)
        left.register_forward_pre_hook(lambda module, inputs: (inputs[0], _blank(inputs[1], columns)))
        # What the rest makes of blanks meets the whole item afterwards: there must be nothing of it either.
        left.register_forward_hook(
            lambda module, inputs, found: replace(
                found, long=_cut(found.long, columns), short=_cut(found.short, columns)
            )
        )
    else:
        left.register_forward_hook(
            lambda module, inputs, found: replace(found, **CHANGED[part](module, inputs[0], found))
        )
    return left


def _blank(items: Items, columns: slice) -> Items:
    kept = items.factors if columns.stop else torch.zeros_like(items.factors)
    return replace(items, vectors=_cut(items.vectors, columns), factors=kept)


def _cut(vectors: torch.Tensor, columns: slice) -> torch.Tensor:
    kept = vectors.clone()
    kept[:, columns] = 0
    return kept
