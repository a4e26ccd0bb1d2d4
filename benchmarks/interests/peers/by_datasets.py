"""Batches of users from one Parquet file, by HF datasets (memory-mapped, at random) and by a pyarrow stream (in order).

    python by_datasets.py --rows users.parquet --batches batches.npy --out report.json

The file has one row per user and lists of numbers. A batch is every column, padded with zeros to its longest list.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Batch = dict[str, np.ndarray]


def from_datasets(rows: Path, batches: np.ndarray) -> Iterator[Batch]:
    """Random access, as a trainer wants it."""
    mapped = datasets.load_dataset("parquet", data_files=str(rows), split="train").with_format("numpy")
    mapped[:1]
    for chosen in batches:
        yield {name: padded_rows(values) for name, values in mapped[chosen].items()}


def padded_rows(values: np.ndarray) -> np.ndarray:
    if values.dtype != object:  # all of one length
        return values
    whole = np.zeros((len(values), max(map(len, values))), values[0].dtype)
    for number, value in enumerate(values):
        whole[number, : len(value)] = value
    return whole


def from_stream(rows: Path, batches: np.ndarray) -> Iterator[Batch]:
    """In the order of the file: the most that a stream can do."""
    for part in pq.ParquetFile(rows).iter_batches(batches.shape[1]):
        yield {name: padded_lists(part[name]) for name in part.schema.names}


def padded_lists(lists: pa.ListArray) -> np.ndarray:
    lengths = lists.value_lengths().to_numpy()
    start = np.concatenate([[0], np.cumsum(lengths)])
    owner = np.repeat(np.arange(len(lists)), lengths)
    values = lists.flatten().to_numpy()
    whole = np.zeros((len(lists), max(lengths.max(), 1)), values.dtype)
    whole[owner, np.arange(len(owner)) - start[owner]] = values
    return whole


def timed(read: Callable[[Path, np.ndarray], Iterator[Batch]], rows: Path, batches: np.ndarray) -> dict[str, float]:
    cpu, users = time.process_time(), 0
    for batch in read(rows, batches):
        users += len(next(iter(batch.values())))
    return {"users": users, "cpu_seconds": time.process_time() - cpu}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--batches", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    batches = np.load(options.batches)
    pa.set_cpu_count(1)
    datasets.disable_progress_bars()
    found = {
        "HF datasets": timed(from_datasets, options.rows, batches),
        "pyarrow stream": timed(from_stream, options.rows, batches),
    }
    options.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
