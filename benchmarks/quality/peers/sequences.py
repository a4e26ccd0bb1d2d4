"""Users' last events as sequences: the newest stands right, and within a basket chance draws the order.

Lines of one basket carry one time and often stand sorted by product id, which a sequence model would learn instead of
the user.
"""

import math

import numpy as np
from kit import Array, Given

BATCH, FEWEST = 128, 5
FULL = 10_000
"""Items up to which a loss looks at all of them, which is better and quicker there; above, at some that are drawn."""


def passes(given: Given, steps: int) -> int:
    """Over everyone's last events: so many that a model takes `steps` steps at least; a small log is soon passed."""
    return max(FEWEST, math.ceil(steps / math.ceil(len(given.users) / BATCH)))


def last_items(given: Given, length: int, seed: int) -> Array:
    """The last items of every user, however often the same one [U, length]; -1 stands before a shorter history.

    One seed gives one order, whichever way the lines of a basket stood in the log.
    """
    lines = np.lexsort((given.item, given.basket, given.user))
    chance = np.random.default_rng(seed).random(len(lines))
    lines = lines[np.lexsort((chance, given.basket[lines], given.user[lines]))]
    user, item = given.user[lines], given.item[lines]
    ends = np.bincount(user, minlength=len(given.users)).cumsum()
    place = length - ends[user] + np.arange(len(user))
    kept = place >= 0
    sequences = np.full((len(given.users), length), -1)
    sequences[user[kept], place[kept]] = item[kept]
    return sequences
