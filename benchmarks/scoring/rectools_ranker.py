"""RecTools' two rankers on random vectors, in RecTools' own environment, as its models call them.

    python rectools_ranker.py --users 50000 --items 10000 --out report.json

What is timed is the ranking and the table of original ids that `recommend` returns; nothing is filtered or explained.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rectools.models.rank import Distance, ImplicitRanker, TorchRanker

K, SEED = 20, 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(SEED)
    users, items = (rng.standard_normal((n, options.width), np.float32) for n in (options.users, options.items))
    everyone = np.arange(options.users)
    rankers: dict[str, Callable[[], tuple]] = {
        "torch": lambda: TorchRanker(Distance.DOT, "cpu", users, items).rank(everyone, K),
        "implicit": lambda: ImplicitRanker(Distance.DOT, users, items, num_threads=options.threads).rank(everyone, K),
    }
    user_ids = np.array([f"u{n:08d}" for n in range(options.users)])
    item_ids = np.array([f"i{n:06d}" for n in range(options.items)])
    report = {}
    for name, rank in rankers.items():
        began, cpu = time.perf_counter(), time.process_time()
        user, item, score = rank()
        pd.DataFrame({"user_id": user_ids[user], "item_id": item_ids[item], "score": score})
        report[name] = {
            "users": options.users,
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    options.out.write_text(json.dumps(report))


if __name__ == "__main__":
    main()
