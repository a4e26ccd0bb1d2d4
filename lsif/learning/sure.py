"""Which of many choices is better than the usual one by more than what chance does."""

from collections.abc import Sequence

import numpy as np

from lsif.features.ragged import Array


def surely_best(judged: Sequence[Array] | Array, errors: float) -> int:
    """The choice of the best mean; the first one, where that is not more than so many standard errors ahead of it.

    Args:
        judged: what each user's list is worth by each choice [choices, B].
        errors: of the mean of the users' differences.
    """
    best = int(np.argmax([float(values.mean()) if len(values) else 0.0 for values in judged]))
    gain = judged[best] - judged[0]
    ahead = len(gain) > 1 and gain.mean() > errors * gain.std(ddof=1) / len(gain) ** 0.5
    return best if ahead else 0
