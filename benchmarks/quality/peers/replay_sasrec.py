"""SASRec of the library RePlay, on every user's last events, with what it ranks first as opinions."""

import logging

import numpy as np
import torch
from kit import Array, Given, Scorer, Settings, serve
from lightning import Trainer, seed_everything
from replay.data import FeatureHint, FeatureType
from replay.data.nn import TensorFeatureInfo, TensorSchema
from replay.nn.lightning import LightningModule
from replay.nn.loss import CE, CESampled
from replay.nn.sequential import SasRec
from replay.nn.transform import UniformNegativeSamplingTransform
from replay.nn.transform.template import make_default_sasrec_transforms
from sequences import BATCH, FULL, last_items, passes
from torch.utils.data import DataLoader

ITEM = "item_id"
SEED = 1
DEEP = 1000
"""Items with an opinion per user: more than anyone's own items within them."""


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `factors`, `blocks` and `length` of the model, `steps`, and `negatives` a batch above `FULL` items."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    seed_everything(SEED, verbose=False)
    torch.set_num_threads(2)
    known = np.unique(given.item)
    found = last_items(given, settings["length"] + 1, SEED)
    histories = torch.from_numpy(np.where(found < 0, len(known), np.searchsorted(known, found)))
    model = trained(histories, len(known), settings, passes(given, settings["steps"]))

    def scores(rows: Array) -> Array:
        result = np.zeros((len(rows), len(given.items)), np.float32)
        result[:, known] = _opinions(model, histories[rows.astype(np.int64), 1:], len(known))
        return result

    return scores


def trained(histories: torch.Tensor, items: int, settings: Settings, epochs: int) -> SasRec:
    """The model after `epochs`; `histories` [U, length + 1] holds numbers below `items`, and `items` for nothing."""
    schema = _schema(items, settings["factors"])
    transforms = make_default_sasrec_transforms(schema)["train"]
    if items > FULL:
        transforms.append(UniformNegativeSamplingTransform(items, settings["negatives"]))
    plain = SasRec.from_params(
        schema,
        embedding_dim=settings["factors"],
        num_heads=2,
        num_blocks=settings["blocks"],
        max_sequence_length=settings["length"],
    )
    model = SasRec(plain.body, CESampled() if items > FULL else CE(ignore_index=items))
    batches = _batches(histories, items, torch.nn.Sequential(*transforms))
    _trainer(epochs).fit(LightningModule(model), batches)
    return model.eval()


def _schema(items: int, factors: int) -> TensorSchema:
    item = TensorFeatureInfo(
        ITEM,
        FeatureType.CATEGORICAL,
        is_seq=True,
        feature_hint=FeatureHint.ITEM_ID,
        cardinality=items,
        padding_value=items,
        embedding_dim=factors,
    )
    return TensorSchema(item)


def _batches(histories: torch.Tensor, nothing: int, transform: torch.nn.Module) -> DataLoader:
    def batch(rows: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        item = torch.stack(rows)
        return transform({ITEM: item, f"{ITEM}_mask": item != nothing})

    return DataLoader(histories, batch_size=BATCH, shuffle=True, collate_fn=batch)


def _trainer(epochs: int) -> Trainer:
    return Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


@torch.inference_mode()
def _opinions(model: SasRec, histories: torch.Tensor, items: int) -> Array:
    """Scores of the known items [B, items], above nought for what ranks first."""
    logits = model(feature_tensors={ITEM: histories}, padding_mask=histories != items)["logits"]
    least = logits.topk(min(DEEP, items)).values[:, -1:]
    return (logits - least + 1e-6).numpy()


if __name__ == "__main__":
    serve(fit, "replay-rec", "lightning", "torch")
