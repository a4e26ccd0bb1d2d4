"""SASRec and HSTU of the library RecTools, on every user's last events, with what they rank first as opinions.

Lines of one basket carry one time and often stand sorted by product id, which a sequence model would learn instead of
the user: within a basket the order is drawn at random.
"""

import hashlib
import json
import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from kit import Array, Given, Scorer, Settings, serve
from pytorch_lightning import Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import HSTUModel, SASRecModel
from scipy import sparse
from sequences import BATCH, FULL, passes

MODELS = {"sasrec": SASRecModel, "hstu": HSTUModel}
DEEP = 1000
"""Items scored per user: more than anyone's own items within them."""
HALF_LIFE = 90.0
MADE_BY = ("rectools_sequences.py", "sequences.py", "kit.py", "rectools.txt")


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: those of the model (`trained`), and the weights `popularity` and `repeat` of the control.

    With both at nought it is the sequence model as it comes. The control adds, after the fact, how popular an item is
    this week and how often the user took it lately, all three parts between nought and one.
    """
    own = {name: value for name, value in settings.items() if name not in ("popularity", "repeat")}
    sequence = _scaled(_matrix(given, kept(given, own)))
    repeats = _scaled(given.matrix(given.decayed(HALF_LIFE))) * settings.get("repeat", 0.0)
    popular = np.log1p(np.bincount(given.item, given.weight * (given.age < 7), len(given.items)))
    popular *= settings.get("popularity", 0.0) / max(popular.max(), 1e-9)

    def scores(rows: Array) -> Array:
        return (sequence[rows] + repeats[rows]).toarray() + popular.astype(np.float32)

    return scores


def kept(given: Given, settings: Settings) -> pd.DataFrame:
    """What `trained` gives, from the cut's folder where the model, or the control of it, has been there before."""
    made_by = [(Path(__file__).parent / name).read_bytes() for name in MADE_BY]
    parts = (*made_by, json.dumps(settings, sort_keys=True).encode(), given.identity.encode())
    mark = hashlib.sha256(b"|".join(parts)).hexdigest()[:20]
    file = given.folder / f"ranked-{mark}.pickle"
    if not file.exists():
        made = file.with_suffix(f".{os.getpid()}.part")
        trained(given, settings).to_pickle(made)
        made.rename(file)
    return pd.read_pickle(file)


def trained(given: Given, settings: Settings) -> pd.DataFrame:
    """What the model ranks first for everyone who needs a list: user, item, score."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    seed_everything(settings.get("seed", 1), verbose=False)
    torch.set_num_threads(2)
    dataset = Dataset.construct(interactions(given, settings.get("seed", 1)))
    epochs = passes(given, settings["steps"])
    model = MODELS[settings["model"]](
        n_factors=settings["factors"],
        n_blocks=settings["blocks"],
        n_heads=2,
        session_max_len=settings["length"],
        loss="softmax" if len(given.items) <= FULL else "sampled_softmax",
        n_negatives=settings["negatives"],
        lr=settings.get("rate", 1e-3),
        batch_size=BATCH,
        epochs=epochs,
        get_trainer_func=lambda: _trainer(epochs),
        recommend_torch_device="cpu",
    )
    model.fit(dataset)
    return _ranked(model, dataset, given)


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


def _matrix(given: Given, ranked: pd.DataFrame) -> sparse.csr_matrix:
    """Scores above the least of each user's [U, V]."""
    least = ranked.groupby(Columns.User)[Columns.Score].transform("min")
    cells = (ranked[Columns.Score] - least + 1e-6, (ranked[Columns.User], ranked[Columns.Item]))
    return sparse.csr_matrix(cells, shape=(len(given.users), len(given.items)), dtype=np.float32)


def _scaled(scores: sparse.csr_matrix) -> sparse.csr_matrix:
    """Each user's best at one."""
    best = np.maximum(scores.max(axis=1).toarray().ravel(), 1e-9)
    return (sparse.diags((1 / best).astype(np.float32)) @ scores).tocsr()


if __name__ == "__main__":
    serve(fit, "rectools", "torch")
