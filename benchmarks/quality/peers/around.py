"""What goes together and who is alike, as of a day, both by the last events of everybody."""

from functools import cached_property

import numpy as np
from kit import Array
from scipy import sparse
from sparse_rows import places, strongest

LAST, ALIKE, WITH = 50, 100, 100
"""Events of a user that are looked at, users that are like one, items that go with one."""
ACTIVE_DAYS = 7
HALF_LIFE = 14 * 24.0


class Around:
    """Users, items and hours of events: user, item and hours are [E]."""

    def __init__(self, user: Array, item: Array, hours: Array, users: int, items: int) -> None:
        order = np.lexsort((item, hours, user))
        starts = np.searchsorted(user[order], np.arange(users))
        place = np.arange(len(order)) - starts[user[order]]
        kept = order[place < LAST]
        self.user, self.item, self.hours, self.place = user[kept], item[kept], hours[kept], place[place < LAST]
        self.shape = (users, items)
        self.every = (user, item, hours)

    def together(self, users: Array, last: int) -> sparse.csr_matrix:
        """What goes with the last `last` events of each user, the newest most [B, V]."""
        return (self._lately(last)[users] @ self._with).tocsr()

    def takings(self, users: Array, days: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """What the users most like each took in the last days: by how alike they are, and how many [B, V]."""
        alike, taken = self._alike(users), self._taken(days)
        return (alike @ taken).tocsr(), (alike.sign() @ taken).tocsr()

    def _lately(self, last: int) -> sparse.csr_matrix:
        kept = self.place < last
        weight = 1 / (1 + self.place[kept])
        return sparse.csr_matrix((weight, (self.user[kept], self.item[kept])), shape=self.shape)

    @cached_property
    def _with(self) -> sparse.csr_matrix:
        """Cosine of the users of two items, of the strongest of each item [V, V]."""
        held = _binary(self.user, self.item, self.shape)
        scaled = held @ sparse.diags(1 / np.sqrt(np.maximum(held.getnnz(axis=0), 1)))
        both = (scaled.T @ scaled).tocsr()
        both.data[places(both) == both.indices] = 0  # nothing goes with itself
        return strongest(both, WITH)

    @cached_property
    def _active(self) -> Array:
        """Who took anything lately: nobody else has takings."""
        return np.unique(self.user[self.hours < ACTIVE_DAYS * 24])

    @cached_property
    def _vectors(self) -> sparse.csr_matrix:
        """What each user took, lately and rare things most, of length one [U, V]."""
        holders = np.bincount(self.item, minlength=self.shape[1])
        rare = np.log(self.shape[0] / np.maximum(holders, 1))[self.item]
        weight = 0.5 ** (self.hours / HALF_LIFE) * rare
        found = sparse.csr_matrix((weight, (self.user, self.item)), shape=self.shape)
        length = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
        return (sparse.diags(1 / np.maximum(length, 1e-12)) @ found).tocsr()

    def _alike(self, users: Array) -> sparse.csr_matrix:
        """How alike each is to the active users most like them [B, A]."""
        found = (self._vectors[users] @ self._vectors[self._active].T).tocsr()
        found.data[users[places(found)] == self._active[found.indices]] = 0  # nobody is like oneself
        found.eliminate_zeros()
        return strongest(found, ALIKE)

    def _taken(self, days: int) -> sparse.csr_matrix:
        """Who of the active took what in the last days [A, V]."""
        user, item, hours = self.every
        kept = hours < days * 24
        return _binary(np.searchsorted(self._active, user[kept]), item[kept], (len(self._active), self.shape[1]))


def _binary(row: Array, column: Array, shape: tuple[int, int]) -> sparse.csr_matrix:
    found = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
    found.data[:] = 1
    return found
