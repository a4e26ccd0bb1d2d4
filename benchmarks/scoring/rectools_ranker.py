"""RecTools' two rankers on random vectors, in RecTools' own environment, as its models call them.

    PYTHONPATH=. python benchmarks/scoring/rectools_ranker.py --users 50000 --items 10000 --out report.json

What is timed is the ranking and the table of original ids that `recommend` returns; nothing is filtered or explained.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from rectools.models.rank import Distance, ImplicitRanker, TorchRanker

from benchmarks.scoring.task import SEED, K, answer, asked, timed


def main() -> None:
    options, report = asked(__doc__), dict[str, dict[str, Any]]()
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
    for name, rank in rankers.items():
        with timed(options.users, report.setdefault(name, {})):
            user, item, score = rank()
            pd.DataFrame({"user_id": user_ids[user], "item_id": item_ids[item], "score": score})
    answer(report, options.out)


if __name__ == "__main__":
    main()
