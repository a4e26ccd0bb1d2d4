"""Which count popularity starts from: the one that makes the best list where nothing is learned from."""

import numpy as np

from lsif.evaluation.metrics import ndcg
from lsif.features.history_features import ROW_HOURS
from lsif.features.item_features import COLUMNS, HOUR_FEATURES
from lsif.features.ragged import Array, slices
from lsif.learning.step import Example
from lsif.learning.sure import surely_best
from lsif.model.fusion_model import FusionModel
from lsif.model.popularity import STARTS

JUDGED, MOST_USERS = 20, 4096
"""As deep as trust is judged, and by as many users."""
SURE = 3
"""Standard errors that the best count must be ahead: of nineteen that are no better one is two ahead by chance."""
NEAR = 512
"""Items of each list that are looked at: a user's own are taken out of them."""


def start_popularity(model: FusionModel, example: Example) -> None:
    """Let the popularity of a fresh model start from the best count, and hours speak only where that is one of hours.

    Where a log's days say more than its hours, the columns of hours are only more to learn by heart.

    Args:
        example: of a cutoff that the model does not learn from.
    """
    model.popularity.start.fill_(best_start(example))
    if model.popularity.starts_with() not in HOUR_FEATURES:
        model.item_scale.silence([COLUMNS.index(name) for name in HOUR_FEATURES])
        model.history_scale.silence(ROW_HOURS)


def best_start(example: Example) -> int:
    """Place in `STARTS` of the count whose list of what is new to a user surely has the best NDCG.

    Args:
        example: of a cutoff that the model does not learn from.
    """
    pairs, features = _Pairs(example, example.targets.active(MOST_USERS)), example.snapshot.item_features
    judged = [pairs.ndcg(features[:, COLUMNS.index(name)])[pairs.relevant > 0] for name in STARTS]
    return surely_best(judged, SURE)


class _Pairs:
    """What some users had and what they took of what was new to them, as keys user × item."""

    def __init__(self, example: Example, users: Array) -> None:
        shot, targets = example.snapshot, example.targets
        self._users, self._size = len(users), len(shot.item_features)
        had = [(shot.history_start, shot.history_item), (shot.tail_start, shot.tail_item)]
        self._had = np.concatenate([self._keys(*of, users) for of in had])
        self._new = np.setdiff1d(self._keys(targets.start, targets.item, users), self._had)
        self.relevant = np.bincount(self._new // self._size, minlength=len(users))

    def _keys(self, start: Array, item: Array, users: Array) -> Array:
        at, owner = slices(start, users)
        keys: Array = owner * self._size + item[at]
        return keys

    def ndcg(self, count: Array) -> Array:
        """Of each user's list [B], by one number for every item [V]; equal ones by number."""
        near = np.argsort(-count, kind="stable")[:NEAR]
        keys = np.arange(self._users)[:, None] * self._size + near
        place = np.cumsum(~np.isin(keys, self._had), axis=1)  # of each item in the user's list, from 1
        hits, (user, at) = np.zeros((self._users, JUDGED), bool), np.nonzero(np.isin(keys, self._new))
        listed = place[user, at] <= JUDGED
        hits[user[listed], place[user, at][listed] - 1] = True
        return ndcg(hits, self.relevant)
