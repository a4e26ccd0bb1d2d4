"""LSIF's lists of simulated users, by the functions of the night: ranked ids, all rows in a table, or only the product.

    python -m benchmarks.scoring.ours --what rows --users 1000000 --items 10000 --out report.json

The model's own pass is left out: what it would make of a user is drawn at random before the clock starts, for 4,096
users who come again and again under new ids. Histories have 32 rows, the catalogue 300 categories.
"""

import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import torch

from benchmarks.scoring.task import SEED, K, asked, timed
from lsif.config import Ranking
from lsif.model.batch import Batch
from lsif.model.fusion_model import Interests, Items
from lsif.ranked_list import RankedList
from lsif.ranking.candidates import USERS, Catalogue, catalogue, cut
from lsif.ranking.lists import deepest, ranked
from lsif.ranking.parts import Side
from lsif.ranking.pool import pool
from lsif.ranking.rows import Ranked, Stamp, ranked_rows
from lsif.ranking.threads import in_turn
from lsif.tables import Tables

HISTORY, GROUPS, CHUNK, DRAWN = 32, 300, Ranking().chunk_users, 4096
LIST = RankedList(k=K)
WHAT = ("ids", "rows", "float32", "bfloat16")


def items(count: int, width: int) -> Items:
    chance = torch.Generator().manual_seed(SEED)
    vectors = torch.nn.functional.normalize(torch.randn(count, width, generator=chance, dtype=torch.float64), dim=1)
    groups = torch.randint(GROUPS, (count, 2), generator=chance)
    popularity = torch.randn(count, generator=chance, dtype=torch.float64)
    return Items(vectors, vectors[:, :0], groups[:, 0], groups, torch.zeros_like(popularity), popularity)


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
        groups=draw(size, GROUPS),
        popularity_gain=draw(size).exp(),
        order=draw(size, HISTORY),
        odds=draw(size, HISTORY),
        level=draw(size),
        stretch=torch.ones(size, dtype=torch.float64),
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
        search_text=torch.zeros(size, 1, 0),
        search_age=nothing.float(),
        search_mask=nothing.bool(),
        user_features=torch.zeros(size, 0),
        tail_item=nothing,
        tail_mask=nothing.bool(),
        group=nothing,
        group_mask=nothing.bool(),
        group_features=torch.zeros(size, 1, 0),
    )
    return interests, batch


@dataclass(frozen=True)
class Night:
    """The catalogue, its ids, and what the model made of users, in chunks."""

    items: Catalogue
    item_ids: pa.Array
    drawn: list[tuple[Interests, Batch]]

    def ids(self, count: int, start: int) -> pa.RecordBatch:
        """What a ranker answers for a chunk that begins with user `start` of `count`: users, items, scores."""
        lists, user_ids = self._ranked(count, start)
        user, item = user_ids.take(pa.array(lists.row)), self.item_ids.take(pa.array(lists.item))
        return pa.record_batch({"user_id": user, "item_id": item, "score": lists.score})

    def rows(self, count: int, start: int) -> pa.RecordBatch:
        """Rows of `recommendations`."""
        lists, user_ids = self._ranked(count, start)
        stamp = Stamp("2025-01-01", "1", "benchmark")
        return ranked_rows(lists, ("for_you",), user_ids, self.item_ids, stamp)

    def product(self, kind: torch.dtype) -> Callable[[int, int], None]:
        """Users by items in a type of number and nothing else: no ranking that looks at every item is faster."""
        vectors = self.items.items.vectors.to(kind)
        chunks = [interests.long.to(kind).split(USERS) for interests, _ in self.drawn]

        def multiplied(count: int, start: int) -> None:
            for some in chunks[start // CHUNK % len(chunks)]:
                vectors @ some.T

        return multiplied

    def _ranked(self, count: int, start: int) -> tuple[Ranked, pa.Array]:
        some = slice(min(CHUNK, count - start))
        interests, batch = self.drawn[start // CHUNK % len(self.drawn)]
        user_ids = pa.array([f"u{number:08d}" for number in range(start, start + some.stop)])
        now = Side(cut(batch, some), cut(interests, some))
        nobody = self.items.items.popularity.numpy()
        return ranked(pool(now, now, self.items, nobody, deepest([LIST])), [LIST]), user_ids


def night(item_count: int, width: int, drawn: int = DRAWN) -> Night:
    of = items(item_count, width)
    item_ids = pa.array([f"i{number:06d}" for number in range(item_count)])
    chunks = [users(min(CHUNK, drawn - start), of, start) for start in range(0, drawn, CHUNK)]
    return Night(catalogue(of, np.arange(item_count)), item_ids, chunks)


def main() -> None:
    options = asked(__doc__, WHAT)
    torch.set_num_threads(options.threads)
    tonight, starts = night(options.items, options.width), range(0, options.users, CHUNK)
    products = {kind: tonight.product(getattr(torch, kind)) for kind in ("float32", "bfloat16")}
    work = {"ids": tonight.ids, "rows": tonight.rows, **products}[options.what]
    with tempfile.TemporaryDirectory() as folder, timed(options):
        made = in_turn(partial(work, options.users), starts)
        if options.what == "rows":
            Tables(folder).writer("recommendations").write("2025-01-01", made)
        elif options.what == "ids":
            pa.Table.from_batches(made)
        else:
            deque(made, maxlen=0)


if __name__ == "__main__":
    main()
