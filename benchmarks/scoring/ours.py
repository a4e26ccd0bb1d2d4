"""LSIF's lists of simulated users, by the functions of the night, into a Parquet file.

    python -m benchmarks.scoring.ours --users 1000000 --items 10000 --out report.json

Only the model's own pass is left out: what it would make of a user is drawn at random, a chunk at a time, as the night
goes through its users. Histories have 32 rows, the catalogue 300 categories.
"""

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from benchmarks.scoring.task import SEED, K, answer, asked, timed
from lsif.config import Ranking
from lsif.model.batch import Batch
from lsif.model.fusion_model import Interests, Items
from lsif.ranking.parts import ranked
from lsif.ranking.rows import SCHEMA, Stamp, fusion_rows

HISTORY, GROUPS, CHUNK = 32, 300, Ranking().chunk_users


def items(count: int, width: int) -> Items:
    chance = torch.Generator().manual_seed(SEED)
    vectors = torch.nn.functional.normalize(torch.randn(count, width, generator=chance, dtype=torch.float64), dim=1)
    groups = torch.randint(GROUPS, (count, 2), generator=chance)
    popularity = torch.randn(count, generator=chance, dtype=torch.float64)
    return Items(vectors, groups[:, 0], groups, torch.zeros_like(popularity), popularity, torch.eye(width))


def users(size: int, of: Items, number: int) -> tuple[Interests, Batch]:
    """What the model makes of a chunk of users, and the batch of what it read."""
    chance = torch.Generator().manual_seed(SEED + number)
    width = of.vectors.shape[1]

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=chance, dtype=torch.float64)

    there, nothing = torch.ones(size, HISTORY, dtype=torch.bool), torch.zeros(size, 1, dtype=torch.long)
    interests = Interests(
        long=5 * draw(size, width),
        short=draw(size, width),
        alpha=torch.rand(size, generator=chance, dtype=torch.float64),
        groups=draw(size, GROUPS),
        popularity_gain=draw(size).exp(),
        order=draw(size, HISTORY),
        odds=draw(size, HISTORY),
        level=draw(size),
        tail=draw(size),
        history_mask=there,
    )
    first = torch.randint(len(of.vectors) - HISTORY, (size, 1), generator=chance)
    batch = Batch(
        history_item=first + torch.arange(HISTORY),
        history_mask=there,
        history_features=torch.zeros(size, HISTORY, 0),
        window_item=nothing,
        window_type=nothing,
        window_age=nothing.float(),
        window_basket=nothing,
        window_mask=nothing.bool(),
        user_features=torch.zeros(size, 0),
        tail_item=nothing,
        tail_mask=nothing.bool(),
        group=nothing,
        group_mask=nothing.bool(),
        group_features=torch.zeros(size, 1, 0),
    )
    return interests, batch


def lists(count: int, of: Items) -> Iterator[pa.RecordBatch]:
    """Rows of `recommendations`, a chunk of users at a time."""
    item_ids = pa.array([f"i{number:06d}" for number in range(len(of.vectors))])
    order, stamp = np.arange(len(item_ids)), Stamp("2025-01-01", "1", "benchmark")
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        interests, batch = users(size, of, start)
        user_ids = pa.array([f"u{number:08d}" for number in range(start, start + size)])
        yield fusion_rows(ranked(interests, batch, of, order, K), user_ids, item_ids, stamp)


def main() -> None:
    options, report = asked(__doc__), dict[str, Any]()
    torch.set_num_threads(options.threads)
    catalogue = items(options.items, options.width)
    with (
        tempfile.TemporaryDirectory() as folder,
        timed(options.users, report),
        pq.ParquetWriter(f"{folder}/lists.parquet", SCHEMA) as writer,
    ):
        for rows in lists(options.users, catalogue):
            writer.write_batch(rows)
    answer(report, options.out)


if __name__ == "__main__":
    main()
