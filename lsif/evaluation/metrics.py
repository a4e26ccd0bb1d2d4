"""Ranking metrics at k over whole lists (full ranking, never sampled), with binary relevance.

Shapes: U judged users, k list length. `hits[u, r]` says whether the item at rank r+1 of user u is relevant, and
`relevant[u]` how many relevant items u has in all, wherever they are ranked. Every metric gives one value per user.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """One list per user, held against what happened.

    Attributes:
        users: [U] user ids in the order of the rows.
        hits: [U, k] whether the item at each rank is relevant; ranks that a list lacks are misses.
        relevant: [U] number of distinct relevant items, at least one.
    """

    users: list[str]
    hits: Bools
    relevant: Ints


class Marks:
    """Which of the first `k` ranks of users' lists are right, of lists that come some at a time, in any order."""

    def __init__(self, truth: pa.Table, users: list[str], k: int) -> None:
        """
        Args:
            truth: distinct (user_id, item_id).
            users: who may be judged.
        """
        self._users, self._items = users, pc.unique(truth["item_id"])
        rows = _rows(truth["user_id"], users)
        self._true = _pairs(rows, truth["item_id"], self._items)
        self._relevant = np.bincount(rows, minlength=len(users))[: len(users)]
        self._hits = np.zeros((len(users), k), dtype=np.bool_)

    def add(self, lists: pa.Table) -> None:
        """Mark rows of user_id, rank (from 1), item_id."""
        rows, ranks = _rows(lists["user_id"], self._users), lists["rank"].to_numpy()
        found = np.isin(_pairs(rows, lists["item_id"], self._items), self._true)
        inside = (rows < len(self._users)) & (ranks <= self._hits.shape[1])
        self._hits[rows[inside], ranks[inside] - 1] = found[inside]

    def of(self, users: list[str]) -> Judged:
        """Of some of the users; who has no list scores zero and is not left out."""
        at = _rows(pa.chunked_array([pa.array(users, pa.string())]), self._users)
        if np.any(at == len(self._users)) or np.any(self._relevant[at] == 0):
            raise ValueError("every judged user needs at least one relevant item")
        return Judged(users, self._hits[at], self._relevant[at])


def judged(lists: pa.Table, truth: pa.Table, users: list[str], k: int) -> Judged:
    """Mark the first `k` ranks of every user's list.

    Args:
        lists: user_id, rank (from 1), item_id.
        truth: distinct (user_id, item_id), with at least one row for each of `users`.
        users: who is judged; a user without a list scores zero and is not left out.
    """
    marks = Marks(truth, users, k)
    marks.add(lists)
    return marks.of(users)


def _rows(ids: pa.ChunkedArray, users: list[str]) -> Ints:
    """Row of each id among `users`; strangers get the row after the last."""
    found = pc.index_in(ids.combine_chunks(), value_set=pa.array(users, pa.string()))
    return np.asarray(pc.fill_null(found, len(users)), dtype=np.int64)


def _pairs(rows: Ints, item_ids: pa.ChunkedArray, items: pa.Array) -> Ints:
    """One number per (user row, item); -1 for an item that is nobody's truth."""
    codes = np.asarray(pc.fill_null(pc.index_in(item_ids.combine_chunks(), value_set=items), -1), dtype=np.int64)
    return np.where(codes < 0, -1, rows * len(items) + codes)


def _discounts(k: int) -> Floats:
    return 1.0 / np.log2(np.arange(2, k + 2))


def ndcg(hits: Bools, relevant: Ints) -> Floats:
    """Discounted gain over that of the usual ideal: a list with all min(k, relevant) first ranks right."""
    discounts = _discounts(hits.shape[1])
    ideal = np.cumsum(discounts)[np.minimum(relevant, hits.shape[1]) - 1]
    return np.asarray(hits @ discounts / ideal)


def recall(hits: Bools, relevant: Ints) -> Floats:
    """Share of all relevant items that the list holds."""
    return np.asarray(hits.sum(axis=1) / relevant)


def hit_rate(hits: Bools, relevant: Ints) -> Floats:
    """Whether the list holds any relevant item."""
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def average_precision(hits: Bools, relevant: Ints) -> Floats:
    """Mean of the precision at each relevant item, over all relevant items."""
    precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return np.asarray((precision * hits).sum(axis=1) / relevant)


def reciprocal_rank(hits: Bools, relevant: Ints) -> Floats:
    """One over the rank of the first relevant item, zero without one."""
    return np.asarray(hits.any(axis=1) / (hits.argmax(axis=1) + 1.0))


METRICS: dict[str, Callable[[Bools, Ints], Floats]] = {
    "ndcg": ndcg,
    "recall": recall,
    "hit_rate": hit_rate,
    "map": average_precision,
    "mrr": reciprocal_rank,
}


def per_user(of: Judged, k: int) -> dict[str, Floats]:
    """Every metric at `k`: name → [U]."""
    return {name: metric(of.hits[:, :k], of.relevant) for name, metric in METRICS.items()}
