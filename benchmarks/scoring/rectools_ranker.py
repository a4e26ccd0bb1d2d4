"""One of RecTools' two rankers on random vectors, in RecTools' own environment, as its models call it.

    PYTHONPATH=. python benchmarks/scoring/rectools_ranker.py --what torch --users 50000 --out report.json

What is timed is the ranking and the table of original ids that `recommend` returns; nothing is filtered or explained.
"""

import numpy as np
import pandas as pd
import torch
from rectools.models.rank import Distance, ImplicitRanker, TorchRanker

from benchmarks.scoring.task import SEED, K, asked, timed


def main() -> None:
    options = asked(__doc__, ("torch", "implicit"))
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(SEED)
    users, items = (rng.standard_normal((n, options.width), np.float32) for n in (options.users, options.items))
    user_ids = np.array([f"u{n:08d}" for n in range(options.users)])
    item_ids = np.array([f"i{n:06d}" for n in range(options.items)])
    with timed(options):
        if options.what == "torch":
            ranker = TorchRanker(Distance.DOT, "cpu", users, items)
        else:
            ranker = ImplicitRanker(Distance.DOT, users, items, num_threads=options.threads)
        user, item, score = ranker.rank(np.arange(options.users), K)
        pd.DataFrame({"user_id": user_ids[user], "item_id": item_ids[item], "score": score})


if __name__ == "__main__":
    main()
