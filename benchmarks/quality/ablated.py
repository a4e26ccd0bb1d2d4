"""LSIF's model with one part taken away when it ranks; what is left is not trained again."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from types import MethodType
from typing import Any

import torch

from lsif.model.batch import Batch
from lsif.model.fusion_model import SOURCES, FusionModel, Interests, Items, Reading

FIRST = 1e3
"""Level of the history rows where nothing is learned of it: before all else."""

Change = Callable[[FusionModel, Batch, Interests], dict[str, Any]]
Read = Callable[[FusionModel, Batch, Items], tuple[Interests, Reading]]


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
USER = "the user"
"""Left out where lists are made and not of the model: everybody gets what is right for whom nothing is known of."""
PARTS = (*CHANGED, *BLANK, TAKERS, USER)


def without(model: FusionModel, part: str) -> FusionModel:
    """A copy of `model` that ranks without `part`, one of `PARTS` but `USER`."""
    left = deepcopy(model)
    if part == TAKERS:
        left.trust[SOURCES.index("takers")] = 0
    else:
        # `read` is what forward and the scoring path have in common; bound, it goes along where a copy is made.
        left.read = MethodType(_blanked(part) if part in BLANK else _changed(part), left)  # type: ignore[method-assign]
    return left


def _changed(part: str) -> Read:
    def read(model: FusionModel, batch: Batch, items: Items) -> tuple[Interests, Reading]:
        found, reading = FusionModel.read(model, batch, items)
        return replace(found, **CHANGED[part](model, batch, found)), reading

    return read


def _blanked(part: str) -> Read:
    def read(model: FusionModel, batch: Batch, items: Items) -> tuple[Interests, Reading]:
        columns = BLANK[part](model.shape.width)
        found, reading = FusionModel.read(model, batch, _blank(items, columns))
        # What the rest makes of blanks meets the whole item afterwards: there must be nothing of it either.
        return replace(found, long=_cut(found.long, columns), short=_cut(found.short, columns)), reading

    return read


def _blank(items: Items, columns: slice) -> Items:
    kept = items.factors if columns.stop else torch.zeros_like(items.factors)
    return replace(items, vectors=_cut(items.vectors, columns), factors=kept)


def _cut(vectors: torch.Tensor, columns: slice) -> torch.Tensor:
    kept = vectors.clone()
    kept[:, columns] = 0
    return kept
