"""A user's past with each category, from the rows of its items."""

import numpy as np

from lsif.features.history import History
from lsif.features.ragged import Array, distinct


class CategoryHistory:
    """Totals of every (user, category) pair with a history row, `G` pairs in all.

    Attributes:
        weights: decayed weights [G, H].
        items: distinct items [G].
        days: distinct days [G], of those that the rows still know.
        last_age, first_age: days since the newest and the oldest of them [G].
    """

    def __init__(self, rows: History, category: Array) -> None:
        """`category` is the category number of every item [V]."""
        self._category, self._span = category, int(category.max(initial=0)) + 1
        self._keys, group, self.items = np.unique(self._key(rows), return_inverse=True, return_counts=True)
        size = len(self._keys)
        self.weights = np.stack([np.bincount(group, column, size) for column in rows.weights.T], axis=1)
        ages = np.nan_to_num(rows.ages, nan=-1).astype(np.int64)
        longest = int(ages.max(initial=0)) + 1
        cells = distinct((group[:, None] * longest + ages)[ages >= 0])
        owner, age = cells // longest, cells % longest
        self.days = np.bincount(owner, minlength=size)
        edge = np.cumsum(self.days)
        self.last_age, self.first_age = age[edge - self.days], age[edge - 1]

    def of(self, rows: History) -> Array:
        """Position of the pair of each row, among the rows that this was made of."""
        return np.searchsorted(self._keys, self._key(rows))

    def _key(self, rows: History) -> Array:
        return rows.user * self._span + self._category[rows.item]
