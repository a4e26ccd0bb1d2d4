"""A training that begins where an earlier model ended, whatever the catalogue holds by now."""

from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor

from lsif.features.history_features import types_apart
from lsif.features.ragged import indices_in
from lsif.features.vocabulary import ItemIndex
from lsif.model.fusion_model import FusionModel

ROWS_BY_NAME = {"category.weight": "categories", "event_type.weight": "event_types"}
"""End of a weight's name → the names of its rows in an index. No other weight has rows that the vocabulary names; where
history rows count event types apart, the columns of those are as many as types, and other types are a misfit."""
VOCABULARY = {"items", "categories", "event_types"}


@dataclass(frozen=True)
class Start:
    """A trained model and the vocabulary it belongs to."""

    model: FusionModel
    index: ItemIndex


def misfit(model: FusionModel, index: ItemIndex, start: Start) -> str:
    """Why `model` cannot begin with the weights of `start`; empty when it can."""
    own, theirs = _known_of(model, index), _known_of(start.model, start.index)
    differing = [name for name in own if name not in VOCABULARY and own[name] != theirs[name]]
    return ", ".join(f"{name} {theirs[name]} ≠ {own[name]}" for name in differing)


def _known_of(model: FusionModel, index: ItemIndex) -> dict[str, object]:
    labels = index.labels
    said = "none" if labels is None else f"{labels.made_by} {' '.join(labels.names)}"
    counted = " ".join(types_apart(index.event_types)) or "none"
    known = {"text encoder": index.text_encoder, "attributes": said, "event types that rows count": counted}
    return {**vars(model.shape), **known}


@torch.no_grad()
def carry_over(model: FusionModel, index: ItemIndex, start: Start) -> None:
    """Give `model` the weights and scales of `start`, which fits.

    Categories and event types keep their rows by name; those that `start` never saw keep the rows they were drawn.
    Training needs full trust in every source and the repeat term as it says; how much each one earns, and how far the
    rows of that are stretched, is found anew after it.
    """
    found = start.model.state_dict() | {"trust": model.trust, "repeat.stretch": model.repeat.stretch}
    for name, own in model.state_dict().items():
        table = next((table for end, table in ROWS_BY_NAME.items() if name.endswith(end)), None)
        if table is None:
            own.copy_(found[name])
        else:
            at = _places(getattr(index, table), getattr(start.index, table))
            own[at >= 0] = found[name].to(own.device)[at[at >= 0]]


def _places(names: tuple[str, ...], among: tuple[str, ...]) -> Tensor:
    """Place of each of `names` among others, -1 where it is not."""
    return torch.from_numpy(indices_in(pa.array(names), pa.array(among)))
