"""What lists beside items cost: CPU and memory of the night's job, by the number of items.

    python -m benchmarks.item_lists --items 50000 --baskets 300000

Made-up items in 300 categories and baskets of the last four weeks in which items of a category come together. The job's
start (Python, imports, the ledger) is in it; its threads are those that the machine has.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from lsif.config import project_folder
from lsif.days import day_before
from lsif.features.ragged import Array, day_number
from lsif.features.text import text_sha256
from lsif.schema import TABLES
from lsif.tables import Tables

DS, DAYS, CATEGORIES, PER_BASKET, ENCODER = "2017-10-31", 28, 300, 8, "made-up"
SETTINGS = """
[event_types]
purchase = 1.0
[sources.shop]
path = "{ds}.csv"
format = "csv"
event_type = "purchase"
columns = { user_id = "user", item_id = "item", event_time = "time" }
[item_lists]
"""
LISTS = {"similar_items": "similar_items = {}", "taken_together": "taken_together = {}"}


def lists(values: Array) -> pa.Array:
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.astype(np.float32).ravel()))


def prepare(tables: Tables, items: int, baskets: int) -> None:
    """What a night leaves before the job."""
    rng = np.random.default_rng(1)
    ids, category = [f"item-{n:06d}" for n in range(items)], rng.integers(0, CATEGORIES, items)
    texts, centre = [f"thing {n}" for n in range(items)], rng.normal(size=(CATEGORIES, 256))
    put(tables, "items", item_id=ids, category=[f"c{n}" for n in category], text=texts, available=[True] * items)
    factor = rng.normal(size=(CATEGORIES, 64))[category] + rng.normal(size=(items, 64))
    put(tables, "item_states", item_id=ids, factor=lists(factor / np.linalg.norm(factor, axis=1, keepdims=True)))
    vectors = lists(centre[category] + rng.normal(size=(items, 256)))
    told = {"text_sha256": text_sha256(texts), "encoder": [ENCODER] * items, "vector": vectors}
    tables.append("item_vectors", pa.table(told).cast(tables.schema("item_vectors")))
    line = {"seq": 1, "run_id": "1", "step": "embed_items", "ds": DS, "status": "done", "outputs": "[]"}
    line["inputs"] = json.dumps({"encoder": ENCODER})
    tables.append("runs", pa.Table.from_pylist([dict.fromkeys(TABLES["runs"].columns) | line], tables.schema("runs")))
    by_category = np.argsort(category, kind="stable")
    for back in range(DAYS):
        put_tiles(tables, day_before(DS, back), rng, ids, by_category, baskets // DAYS)


def put_tiles(tables: Tables, ds: str, rng: np.random.Generator, ids: list[str], near: Array, baskets: int) -> None:
    """A day's baskets, one for each user: items that stand near each other, the first of all far more often."""
    first = (len(ids) * rng.beta(0.5, 1.5, baskets)).astype(np.int64)[:, None]
    item = near[(first + rng.integers(0, 40, (baskets, PER_BASKET))) % len(ids)].ravel()
    user = np.repeat(rng.integers(0, 4 * baskets, baskets), PER_BASKET)
    pairs = np.unique(user * len(ids) + item)
    day = pa.StructArray.from_arrays(
        [
            pa.array(np.full(len(pairs), day_number(ds)), pa.int32()).cast(pa.date32()),
            pa.repeat("purchase", len(pairs)),
            pa.array(np.ones(len(pairs), np.int64)),
            pa.array(np.ones(len(pairs))),
        ],
        ["day", "event_type", "n", "weight"],
    )
    days = pa.ListArray.from_arrays(pa.array(np.arange(len(pairs) + 1, dtype=np.int32)), day)
    who = [f"user-{n:07d}" for n in pairs // len(ids)]
    put(tables, "history_tiles", ds, user_id=who, item_id=[ids[n] for n in pairs % len(ids)], days=days)


def put(tables: Tables, name: str, ds: str = DS, **columns: object) -> None:
    schema, rows = tables.schema(name), len(next(iter(columns.values())))  # type: ignore[arg-type]
    made = [pa.array(columns[f.name]).cast(f.type) if f.name in columns else pa.nulls(rows, f.type) for f in schema]
    writer = tables.writer(name)
    writer.write(ds, pa.Table.from_arrays(made, schema=schema))
    writer.commit()


def make(home: Path, name: str) -> None:
    (home / "lsif.toml").write_text(SETTINGS + LISTS[name])
    environment = {**os.environ, "LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "lsif.toml")}
    command = [sys.executable, str(project_folder() / "jobs" / "item_lists.py"), "--ds", DS, "--force"]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment | {"PYTHONPATH": str(project_folder())})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    cpu, wall = used.ru_utime + used.ru_stime, time.perf_counter() - started
    print(f"{name}: CPU {cpu:.1f} s, {wall:.1f} s, peak memory {used.ru_maxrss / 1024:,.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--baskets", type=int, default=300_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare(Tables(f"{home}/tables"), options.items, options.baskets)
        for name in LISTS:
            make(home, name)


if __name__ == "__main__":
    main()
