"""Rows from candidates, one rank after the other: the best that no rule forbids.

Shapes: U users, C candidates of each in the order of their scores, K rows of a list, D width of text vectors.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lsif.features.ragged import Array

NOTHING = -1
"""A rank without a row; the value of a candidate that is like no other."""


class Limit(ABC):
    """A rule that rows of a list keep together."""

    name: str

    @abstractmethod
    def allows(self, rank: int) -> Array:
        """Whether each candidate may stand at `rank` (from nought), by what stands elsewhere [U, C]."""

    @abstractmethod
    def put(self, user: Array, rank: Array, place: Array) -> None:
        """At these users' ranks stand the candidates at `place`, or nothing any more [n] each."""


class Cap(Limit):
    """At most `most` rows of one value, in the whole list or among any `every` rows one after the other."""

    def __init__(self, name: str, values: Array, most: int | Array, every: int | None, rows: int) -> None:
        """
        Args:
            values: of each candidate, `NOTHING` where it is like no other [U, C].
            most: of all values, or of each candidate's [U, C].
            rows: K.
        """
        self.name, self._values, self._most = name, values, most
        self._every = min(every or rows, rows)
        self._alike = np.zeros((rows, *values.shape), np.int16)  # whether the row at a rank is like a candidate
        self._count = np.zeros(values.shape, np.int16)

    def allows(self, rank: int) -> Array:
        rows = len(self._alike)
        if self._every == rows:
            return self._count - self._alike[rank] < self._most
        first, last = max(rank - self._every + 1, 0), min(rank + self._every, rows)
        before = np.zeros((last - first + 1, *self._values.shape), np.int16)
        np.cumsum(self._alike[first:last], axis=0, out=before[1:])
        before[rank - first + 1 :] -= self._alike[rank]
        windows = before[self._every :] - before[: -self._every]
        found: Array = windows.max(0, initial=0) < self._most
        return found

    def put(self, user: Array, rank: Array, place: Array) -> None:
        values = np.where(place == NOTHING, NOTHING, self._values[user, place])[:, None]
        alike = (self._values[user] == values) & (values != NOTHING)
        self._count[user] += alike - self._alike[rank, user]
        self._alike[rank, user] = alike


class NearDuplicates(Limit):
    """No two rows whose vectors have at least the cosine `bound`."""

    def __init__(self, name: str, vectors: Array, bound: float, rows: int) -> None:
        """
        Args:
            vectors: of length one, or zero where there are none [U, C, D].
        """
        self.name, self._bound, self._cosines = name, bound, Cosines(vectors, rows)

    def allows(self, rank: int) -> Array:
        return self._cosines.most(rank) < self._bound

    def put(self, user: Array, rank: Array, place: Array) -> None:
        self._cosines.put(user, rank, place)


class Cosines:
    """How like each candidate is to the rows of the list."""

    def __init__(self, vectors: Array, rows: int) -> None:
        self._vectors = vectors
        self._there = np.full((rows, *vectors.shape[:2]), -np.inf)

    def most(self, rank: int) -> Array:
        """The greatest cosine with a row at another rank, 0 with none [U, C]."""
        others = np.delete(self._there, rank, axis=0).max(0, initial=-np.inf)
        return np.where(np.isinf(others), 0.0, others)

    def put(self, user: Array, rank: Array, place: Array) -> None:
        cosine = np.einsum("ucd,ud->uc", self._vectors[user], self._vectors[user, place])
        self._there[rank, user] = np.where((place == NOTHING)[:, None], -np.inf, cosine)


@dataclass(frozen=True)
class Unlike:
    """Prefer what is unlike the rows before it, at a score at most `cost` below the best that may stand there."""

    cosines: Cosines
    weight: float
    cost: float


@dataclass(frozen=True)
class Quota:
    """Rows of own and of new items that a list is to have, as far as there are any.

    Attributes:
        own: whether each candidate is an own item [U, C].
        most: of new and of own rows [U, 2].
    """

    own: Array
    most: Array

    def allows(self, rows: Array) -> Array:
        """By the rows so far [U, K]."""
        there = rows != NOTHING
        own = (np.take_along_axis(self.own, np.maximum(rows, 0), 1) & there).sum(1)
        left = self.most - np.stack([there.sum(1) - own, own], axis=1)
        return np.take_along_axis(left, self.own.astype(np.int64), axis=1) > 0


class Floors:
    """What some candidates are to have of a list's exposure, as far as there are any (Singh and Joachims, 2018)."""

    def __init__(self, of: Sequence[Array], shares: Sequence[float], rows: int) -> None:
        """
        Args:
            of: whether each candidate is one of those that a floor is for [U, C] each.
            rows: K.
        """
        self._of, self._shares = of, shares
        self._exposure = 1 / np.log2(np.arange(rows) + 2)

    def restricted(self, may: Array, rows: Array, rank: int) -> Array:
        """Of the candidates that may stand at `rank` those that a floor wants there, by the rows above it [U, C].

        A row is owed as soon as it would bring what they have nearer to their share of the exposure down to `rank`.
        """
        here, down_to = self._exposure[rank], self._exposure[: rank + 1].sum()
        for of, share in zip(self._of, self._shares, strict=True):
            above = rows[:, :rank]
            theirs = np.take_along_axis(of, np.maximum(above, 0), 1) & (above != NOTHING)
            owed = share * down_to - theirs @ self._exposure[:rank] >= here / 2
            within = may & of
            may = np.where((owed & within.any(1))[:, None], within, may)
        return may


@dataclass(frozen=True)
class Selection:
    """Rows of a list for each user.

    Attributes:
        rows: place of the candidate at each rank, `NOTHING` past the end [U, K].
        lowest: the least score that was the best to be had at some rank, -inf where a rank got nothing by it [U].
        forbidden: number of the limit that keeps a candidate from standing at the last rank, from one; 0 where none
            does [U, C].
        floored: whether a floor let a row stand above a better one [U, K].
    """

    rows: Array
    lowest: Array
    forbidden: Array
    floored: Array


def select(
    score: Array,
    limits: Sequence[Limit],
    fixed: Array,
    unlike: Unlike | None = None,
    quota: Quota | None = None,
    floors: Floors | None = None,
) -> Selection:
    """Fill every rank with the best candidate that may stand there. What is fixed stands, and moves up where nothing
    else may stand before it.

    Args:
        score: descending, -inf where there is no candidate or a filter keeps it out [U, C].
        fixed: place of the candidate that is to stand at a rank, else `NOTHING` [U, K]; one that a limit does not let
            stand beside those above it is no longer fixed.
    """
    making = _Making(score, limits, fixed, unlike, quota, floors)
    for rank in range(fixed.shape[1]):
        making.fill(rank)
    forbidden = np.zeros(score.shape, np.int8)
    for number, limit in reversed(list(enumerate(limits, 1))):
        forbidden[~limit.allows(fixed.shape[1] - 1)] = number
    return Selection(making.rows, making.lowest, forbidden, making.floored)


class _Making:
    """Lists that are being filled."""

    def __init__(
        self,
        score: Array,
        limits: Sequence[Limit],
        fixed: Array,
        unlike: Unlike | None,
        quota: Quota | None,
        floors: Floors | None,
    ) -> None:
        self._score, self._limits, self._unlike, self._quota, self._floors = score, limits, unlike, quota, floors
        self.floored = np.zeros(fixed.shape, bool)
        self.rows, self.lowest = np.full(fixed.shape, NOTHING), np.full(len(score), np.inf)
        self._free = score > -np.inf
        for rank, place in enumerate(fixed.T):
            self._put_where_allowed((place != NOTHING).nonzero()[0], rank, place[place != NOTHING])

    def fill(self, rank: int) -> None:
        """Fill one rank of everybody's rows, where nothing is fixed there."""
        may = self._free & (self.rows[:, rank] == NOTHING)[:, None]
        for limit in self._limits:
            may &= limit.allows(rank)
        if self._quota is not None:
            within = may & self._quota.allows(self.rows)
            may = np.where(within.any(1)[:, None], within, may)
        first, best = self._best(may)
        (empty,) = (self.rows[:, rank] == NOTHING).nonzero()
        self.lowest[empty] = np.minimum(self.lowest, best)[empty]
        some = may.any(1)
        if self._floors is not None:
            # A deeper pool brings none of theirs that is better, so it is not their scores by which a pool reaches.
            may = self._floors.restricted(may, self.rows, rank)
            self.floored[:, rank] = some & ~may[np.arange(len(may)), first]
            first, best = self._best(may)
        place = self._unlikest(rank, may, best) if self._unlike else first
        (user,) = some.nonzero()
        self._put(user, np.full(len(user), rank), place[user])
        self._end(rank)

    def _best(self, may: Array) -> tuple[Array, Array]:
        """Place of the best candidate of each user, and its score, -inf where there is none [U] each."""
        first = may.argmax(1)
        return first, np.where(may.any(1), np.take_along_axis(self._score, first[:, None], 1)[:, 0], -np.inf)

    def _unlikest(self, rank: int, may: Array, best: Array) -> Array:
        """Of the candidates near the best, the one that is worth most less its likeness to the rows [U]."""
        assert self._unlike is not None
        near = may & (self._score >= (best - self._unlike.cost)[:, None])
        found: Array = np.where(near, self._score - self._unlike.weight * self._unlike.cosines.most(rank), -np.inf)
        return found.argmax(1)

    def _end(self, rank: int) -> None:
        """Where nothing stands at `rank`, what is fixed further down moves up, as far as it may; else the list ends."""
        while len(user := ((self.rows[:, rank] == NOTHING) & (self.rows[:, rank:] != NOTHING).any(1)).nonzero()[0]):
            at = rank + (self.rows[user, rank:] != NOTHING).argmax(1)
            place = self.rows[user, at]
            self._put(user, at, np.full(len(user), NOTHING))
            self._put_where_allowed(user, rank, place)
        self._free[self.rows[:, rank] == NOTHING] = False

    def _put_where_allowed(self, user: Array, rank: int, place: Array) -> None:
        may = np.ones(len(user), bool)
        for limit in self._limits:
            may &= limit.allows(rank)[user, place]
        self._put(user[may], np.full(may.sum(), rank), place[may])

    def _put(self, user: Array, rank: Array, place: Array) -> None:
        self.rows[user, rank] = place
        self._free[user[place != NOTHING], place[place != NOTHING]] = False
        for limit in self._limits:
            limit.put(user, rank, place)
        if self._unlike:
            self._unlike.cosines.put(user, rank, place)
