"""SASRec and HSTU of the library RecTools, on every user's last events, with what they rank first as opinions.

Lines of one basket carry one time and often stand sorted by product id, which a sequence model would learn instead of
the user: within a basket the order is drawn at random.
"""

import logging

import numpy as np
import pandas as pd
import torch
from kit import Array, Given, Scorer, Settings, serve
from pytorch_lightning import Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import HSTUModel, SASRecModel
from scipy import sparse

MODELS = {"sasrec": SASRecModel, "hstu": HSTUModel}
DEEP = 1000
"""Items scored per user: more than anyone's own items within them."""


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `model`, `factors`, `blocks`, `length`, `epochs`, `loss`, `negatives`, `seed`."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    seed_everything(settings.get("seed", 1), verbose=False)
    torch.set_num_threads(2)
    dataset = Dataset.construct(interactions(given, settings.get("seed", 1)))
    model = MODELS[settings["model"]](
        n_factors=settings["factors"],
        n_blocks=settings["blocks"],
        n_heads=2,
        session_max_len=settings["length"],
        loss=settings["loss"],
        n_negatives=settings["negatives"],
        lr=settings.get("rate", 1e-3),
        batch_size=128,
        epochs=settings["epochs"],
        get_trainer_func=lambda: _trainer(settings["epochs"]),
        recommend_torch_device="cpu",
    )
    model.fit(dataset)
    return _scorer(given, _ranked(model, dataset, given))


def interactions(given: Given, seed: int) -> pd.DataFrame:
    """Events as RecTools wants them; up to half a second of chance puts a basket's lines in random order."""
    chance = np.random.default_rng(seed).random(len(given.user)) * 0.5
    seconds = -given.age * 86400 + chance
    moment = pd.Timestamp("2030-01-01") + pd.to_timedelta(seconds, unit="s")
    frame = {Columns.User: given.user, Columns.Item: given.item, Columns.Weight: given.weight, Columns.Datetime: moment}
    return pd.DataFrame(frame).drop_duplicates([Columns.User, Columns.Item, Columns.Datetime])


def _trainer(epochs: int) -> Trainer:
    return Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _ranked(model: SASRecModel | HSTUModel, dataset: Dataset, given: Given) -> pd.DataFrame:
    users = given.wanted[np.isin(given.wanted, dataset.user_id_map.external_ids)]
    now = pd.DataFrame({Columns.User: users, Columns.Datetime: pd.Timestamp("2030-01-01")})
    context = now if model.require_recommend_context else None
    return model.recommend(users, dataset, DEEP, filter_viewed=False, on_unsupported_targets="ignore", context=context)


def _scorer(given: Given, ranked: pd.DataFrame) -> Scorer:
    score = ranked[Columns.Score].to_numpy()
    cells = (score - score.min() + 1e-6, (ranked[Columns.User], ranked[Columns.Item]))
    scores = sparse.csr_matrix(cells, shape=(len(given.users), len(given.items)), dtype=np.float32)

    def dense(rows: Array) -> Array:
        return scores[rows].toarray()

    return dense


if __name__ == "__main__":
    serve(fit, "rectools", "torch")
