"""Batches of users for a trainer: a snapshot's arrays, memory-mapped, beside HF datasets and a pyarrow stream.

    LSIF_HOME=… python -m benchmarks.interests.batches --ds 2017-10-30

Reads the tables of LSIF_HOME at a day that has a window, lays the same numbers out for the peers, and times random
batches of 64 users (the stream goes in order, which is all that it can). CPU seconds, one thread.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from benchmarks.quality.running import interpreter
from lsif.config import load_settings
from lsif.days import parsed_day
from lsif.features.known import Everyone
from lsif.features.ragged import Array
from lsif.features.shared import shared
from lsif.features.snapshot import RAGGED, Snapshot, joined, snapshot
from lsif.learning.lessons import vocabulary
from lsif.model.batch import batch_of
from lsif.tables import Tables

HERE = Path(__file__).parent / "peers"
USERS, ROUNDS, SEED = 64, 20, 1


def ours(shot: Snapshot, batches: Array) -> dict[str, float]:
    cpu = time.process_time()
    for rows in batches:
        batch_of(shot, rows)
    return {"users": batches.size, "cpu_seconds": time.process_time() - cpu}


def mapped(shot: Snapshot, folder: Path) -> Snapshot:
    """The same snapshot whose arrays of users lie in files."""
    names = ["user_features", *RAGGED, *chain.from_iterable(RAGGED.values())]
    for name in names:
        np.save(folder / f"{name}.npy", getattr(shot, name))
    return replace(shot, **{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names})


def lay(shot: Snapshot, file: Path) -> None:
    """One row per user, every array that a batch holds as a list of numbers."""

    def lists(start: Array, values: Array) -> pa.Array:
        flat = np.ascontiguousarray(values).reshape(len(values), -1)
        return pa.ListArray.from_arrays((start * flat.shape[1]).astype(np.int32), pa.array(flat.ravel()))

    columns = {"user_features": lists(np.arange(len(shot) + 1), shot.user_features)}
    for start, names in RAGGED.items():
        columns |= {name: lists(getattr(shot, start), getattr(shot, name)) for name in names}
    pq.write_table(pa.table(columns), file, row_group_size=1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ds", type=parsed_day, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    settings = load_settings()
    tables = Tables(settings.tables)
    of = shared(tables.read("item_states", [options.ds]), options.ds, vocabulary(tables, options.ds, settings))
    everyone = Everyone(tables, options.ds, settings)
    shot = joined([snapshot(block, of, settings) for block in everyone.blocks(everyone.ids)])
    rng = np.random.default_rng(SEED)
    rounds = [rng.permutation(len(shot))[: len(shot) // USERS * USERS].reshape(-1, USERS) for _ in range(ROUNDS)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {"LSIF, memory-mapped": ours(mapped(shot, folder), np.concatenate(rounds))}
        found["LSIF, in memory"] = ours(shot, np.concatenate(rounds))
        lay(shot, folder / "users.parquet")
        np.save(folder / "batches.npy", rounds[0])
        words = ["--rows", "users.parquet", "--batches", "batches.npy", "--out", "report.json"]
        environment = {**os.environ, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
        command = [interpreter(HERE / "datasets.txt"), str(HERE / "by_datasets.py"), *words]
        subprocess.run(command, check=True, cwd=folder, env=environment)
        found |= json.loads((folder / "report.json").read_text())
    first = found["LSIF, memory-mapped"]["users"] / found["LSIF, memory-mapped"]["cpu_seconds"]
    for name, row in found.items():
        rate = row["users"] / row["cpu_seconds"]
        print(f"{name:20} {rate:10,.0f} users a CPU second; LSIF memory-mapped: {first / rate:.1f} times as many")


if __name__ == "__main__":
    main()
