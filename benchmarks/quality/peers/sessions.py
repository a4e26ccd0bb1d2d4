"""Session neighbours (V-SKNN, Ludewig and Jannach 2018): what those took who took what the user took last.

A session is what one user took on one day, since not every log knows more. The user's last events, the newest most,
find the sessions that hold them; a session counts by how many it holds and how long ago it was.
"""

import numpy as np
from kit import Array, Given, Scorer, Settings, serve
from scipy import sparse
from sparse_rows import strongest

LAST = 5


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `neighbours` (sessions a user), `half_life` of a session in days, `decay` from an event to the next."""
    sessions, age = _sessions(given)
    fresh = (0.5 ** (age / settings["half_life"])).astype(np.float32)
    rare = np.log(sessions.shape[0] / np.maximum(sessions.getnnz(axis=0), 1)).astype(np.float32)
    length = np.sqrt(sessions.getnnz(axis=1)).astype(np.float32)
    asked = (last_events(given, settings["decay"]) @ sparse.diags(rare)).tocsr()
    holders = (sparse.diags(fresh / length) @ sessions).T.tocsr()

    def scores(rows: Array) -> Array:
        likeness = strongest((asked[rows] @ holders).tocsr(), settings["neighbours"])
        return np.asarray((likeness @ sessions).toarray())

    return scores


def last_events(given: Given, decay: float) -> sparse.csr_matrix:
    """The last events of every user, the newest at one, each before it times `decay`; a time counts once [U, V]."""
    place = given.baskets[given.user] - 1 - given.basket.astype(np.int64)
    return given.matrix(decay**place, place < LAST)


def _sessions(given: Given) -> tuple[sparse.csr_matrix, Array]:
    """What was taken in each session [S, V], and the days since it ended [S]."""
    day = np.floor(given.age).astype(np.int64)
    keys, session = np.unique(given.user.astype(np.int64) * (day.max() + 1) + day, return_inverse=True)
    ones = np.ones(len(session), np.float32)
    taken = sparse.csr_matrix((ones, (session, given.item)), shape=(len(keys), len(given.items)))
    taken.data[:] = 1
    ended = np.full(len(keys), np.inf)
    np.minimum.at(ended, session, given.age)
    return taken, ended


if __name__ == "__main__":
    serve(fit)
