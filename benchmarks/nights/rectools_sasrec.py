"""RecTools' SASRec on the same log, in its own environment: how long `recommend` takes for every user, in one thread.

    python benchmarks/nights/rectools_sasrec.py HOME OUT.json

It is fitted for one pass on a part of the users, since what is timed does not depend on its weights.
"""

import json
import logging
import sys
import time
from pathlib import Path

import pandas as pd
import polars as pl
import torch
from pytorch_lightning import Trainer
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

WIDTH, EVENTS, K, FITTED = 64, 64, 20, 2_000


def main(home: Path, out: Path) -> None:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    events = _events(home / "landing" / "events")
    some = events[Columns.User].unique()[:FITTED]
    model = SASRecModel(
        n_factors=WIDTH,
        session_max_len=EVENTS,
        n_blocks=1,
        epochs=1,
        get_trainer_func=_trainer,
        recommend_torch_device="cpu",
    )
    every = events.drop_duplicates(Columns.Item)
    fitted = pd.concat([events[events[Columns.User].isin(some)], every]).drop_duplicates()
    model.fit(Dataset.construct(fitted))
    dataset = Dataset.construct(events)
    users = dataset.user_id_map.external_ids
    began, cpu = time.perf_counter(), time.process_time()
    rows = model.recommend(users, dataset, K, filter_viewed=False, on_unsupported_targets="ignore")
    cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - began}
    out.write_text(json.dumps({**cost, "users": len(users), "rows": len(rows)}))


def _events(folder: Path) -> pd.DataFrame:
    read = pl.read_parquet(folder / "*.parquet", columns=["user", "item", "time"])
    columns = {Columns.User: "user", Columns.Item: "item", Columns.Datetime: "time"}
    frame = pd.DataFrame({theirs: read[ours].to_numpy() for theirs, ours in columns.items()})
    return frame.assign(**{Columns.Weight: 1.0})


def _trainer() -> Trainer:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return Trainer(max_epochs=1, accelerator="cpu", enable_model_summary=False, **quiet)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
