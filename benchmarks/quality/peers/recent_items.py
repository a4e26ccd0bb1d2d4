"""Candidates of a user by what happened in the last hours and days, and what counts, clocks and others say of them.

Some four hundred a user: own items, what is popular by several clocks, what goes with the last events, what similar
users took, and what is popular among the user's kinds. Everything is as things stood on a day.
"""

from functools import cached_property

import numpy as np
import polars as pl
from around import Around
from kit import Array
from scipy import sparse
from sparse_rows import cells, places, strongest

SPANS = (1, 3, 6, 12, 24, 72, 168)
HALF_LIVES = (2, 6, 12, 24, 72)
OWN_HALF_LIVES = (*HALF_LIVES, 720)
"""In hours."""
OWN, POPULAR, TOGETHER, SIMILAR, KINDS, OF_A_KIND = 100, 60, 100, 120, 5, 12
"""Candidates of each sort; the popular ones by each of `POPULAR_BY`, the last ones of each of some kinds."""
POPULAR_BY = (2, 12, 72)
CHUNK = 1024
Columns = dict[str, Array]


def rows(events: pl.DataFrame, ago: int, users: Array, kind: Array) -> pl.DataFrame:
    """Candidates of `users` with their features, sorted by user.

    Args:
        events: user, item, age in days.
        ago: days before the cut; nothing after that is seen.
        kind: of every item [V].
    """
    then = Then(events, ago, kind)
    parts = [pl.DataFrame(then.rows(users[at : at + CHUNK])) for at in range(0, len(users), CHUNK)]
    return pl.concat(parts).cast({"user": events.schema["user"], "item": events.schema["item"]})


class Then:
    """A log as of one day. Numbers of users and items are those of the whole log, and say nothing of the future."""

    def __init__(self, events: pl.DataFrame, ago: int, kind: Array) -> None:
        past = events.filter(pl.col("age") >= ago)
        self.user, self.item = (past[name].to_numpy().astype(np.int64) for name in ("user", "item"))
        self.hours = ((past["age"] - ago) * 24).to_numpy()
        self.kind = kind.astype(np.int64)
        self.users, self.items = int(events["user"].max()) + 1, len(kind)  # type: ignore[arg-type]
        self.around = Around(self.user, self.item, self.hours, self.users, self.items)

    def rows(self, users: Array) -> Columns:
        together = {n: self.around.together(users, n) for n in (5, 20)}
        similar = {days: self.around.takings(users, days) for days in (1, 3, 7)}
        asked = [together[20], similar[7][0]]
        row, item = self._candidates(users, *asked)
        user = users[row]
        found = {"user": user, "item": item}
        found |= {name: values[item] for name, values in self._of_items.items()}
        found |= {name: values[user] for name, values in self._of_users.items()}
        found |= self._own(user, item) | self._of_kinds_at(user, item)
        found |= {f"together_{n}": cells(scores, row, item) for n, scores in together.items()}
        for days, (weight, count) in similar.items():
            found |= {f"similar_{days}": cells(weight, row, item), f"similar_n_{days}": cells(count, row, item)}
        return {
            name: values if name in ("user", "item") else values.astype(np.float32) for name, values in found.items()
        }

    def _candidates(self, users: Array, together: sparse.csr_matrix, similar: sparse.csr_matrix) -> tuple[Array, Array]:
        """Row and item of each, by row, then item."""
        keys = [_keys(strongest(scores, n)) for scores, n in ((together, TOGETHER), (similar, SIMILAR))]
        keys.append(_keys(strongest(self._own_weight[users], OWN)))
        rows = np.arange(len(users))
        keys.append((np.repeat(rows, len(self._popular)), np.tile(self._popular, len(users))))
        keys.append(self._best_of_kinds(users))
        both = np.unique(np.concatenate([row.astype(np.int64) * self.items + item for row, item in keys]))
        return both // self.items, both % self.items

    @cached_property
    def _popular(self) -> Array:
        best = [np.argsort(-self._of_items[f"decayed_{hours}"], kind="stable")[:POPULAR] for hours in POPULAR_BY]
        return np.unique(np.concatenate(best))

    def _best_of_kinds(self, users: Array) -> tuple[Array, Array]:
        """The popular items of the kinds that each user comes back to."""
        popular = self._of_items["decayed_72"]
        shape = (int(self.kind.max()) + 1, self.items)
        taken = np.flatnonzero(popular)
        by_kind = strongest(sparse.csr_matrix((popular[taken], (self.kind[taken], taken)), shape=shape), OF_A_KIND)
        wanted = strongest(self._kind_weights[720][users], KINDS)
        wanted.data[:] = 1
        return _keys((wanted @ by_kind).tocsr())

    @cached_property
    def _of_items(self) -> Columns:
        found = {f"n_{h}": self._count(self.hours < h) for h in SPANS}
        found |= {"n": self._count(self.hours >= 0)}
        found |= {f"decayed_{h}": np.bincount(self.item, 0.5 ** (self.hours / h), self.items) for h in HALF_LIVES}
        found |= {
            "trend": found["decayed_2"] / (found["decayed_24"] + 1),
            "drift": found["decayed_6"] / (found["decayed_72"] + 1),
        }
        return found | dict(zip(("item_last", "item_first"), self._ends(self.item, self.items), strict=True))

    def _count(self, kept: Array) -> Array:
        return np.bincount(self.item[kept], minlength=self.items)

    @cached_property
    def _of_users(self) -> Columns:
        found = {f"user_n_{h}": np.bincount(self.user[self.hours < h], minlength=self.users) for h in (24, 168, np.inf)}
        return found | dict(zip(("user_last", "user_first"), self._ends(self.user, self.users), strict=True))

    def _ends(self, of: Array, size: int) -> tuple[Array, Array]:
        """Hours since the last and the first event of each; NaN where there is none."""
        last, first = np.full(size, np.inf), np.full(size, -np.inf)
        np.minimum.at(last, of, self.hours)
        np.maximum.at(first, of, self.hours)
        return np.where(np.isinf(last), np.nan, last), np.where(np.isinf(first), np.nan, first)

    @cached_property
    def _pairs(self) -> tuple[sparse.csr_matrix, Columns]:
        """Places of the pairs of users and items that happened, from one [U, V], and what is known of each pair."""
        keys, pair = np.unique(self.user * self.items + self.item, return_inverse=True)
        numbers = np.arange(1, len(keys) + 1)
        at = sparse.csr_matrix((numbers, (keys // self.items, keys % self.items)), shape=(self.users, self.items))
        found = {f"own_{h}": np.bincount(pair, 0.5 ** (self.hours / h)) for h in OWN_HALF_LIVES}
        ends = dict(zip(("own_last", "own_first"), self._ends(pair, len(keys)), strict=True))
        return at, found | {"own_n": np.bincount(pair)} | ends

    @cached_property
    def _own_weight(self) -> sparse.csr_matrix:
        at, known = self._pairs
        return sparse.csr_matrix((known["own_720"][at.data - 1], at.indices, at.indptr), shape=at.shape)

    def _own(self, user: Array, item: Array) -> Columns:
        at, known = self._pairs
        place = cells(at, user, item)
        return {
            name: np.where(place > 0, values[place - 1], np.nan if name in _CLOCKS else 0)
            for name, values in known.items()
        }

    @cached_property
    def _kind_weights(self) -> dict[int, sparse.csr_matrix]:
        shape, at = (self.users, int(self.kind.max()) + 1), (self.user, self.kind[self.item])
        return {h: sparse.csr_matrix((0.5 ** (self.hours / h), at), shape=shape) for h in (24, 168, 720)}

    @cached_property
    def _kind_popularity(self) -> Array:
        return np.bincount(self.kind[self.item], 0.5 ** (self.hours / 24), int(self.kind.max()) + 1)

    def _of_kinds_at(self, user: Array, item: Array) -> Columns:
        kind = self.kind[item]
        found = {f"kind_{h}": cells(weights, user, kind) for h, weights in self._kind_weights.items()}
        share = found["kind_720"] / np.asarray(self._kind_weights[720].sum(1)).ravel()[user]
        return found | {"kind_share": share, "kind_popularity": self._kind_popularity[kind]}


_CLOCKS = ("own_last", "own_first")


def _keys(rows: sparse.csr_matrix) -> tuple[Array, Array]:
    return places(rows), rows.indices
