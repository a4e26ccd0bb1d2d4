"""TIFU-KNN (Hu, He, Gao, Zhang, SIGIR 2020): neighbours by personal frequency that decays twice.

A user's baskets are split into m groups; a basket weighs `r_b` to the power of its place from its group's end, a group
`r_g` to the power of its place from the end. The prediction is `alpha` of the own vector and the rest of the mean of
the `neighbours` nearest by Euclidean distance.
"""

import numpy as np
from kit import Array, Given, Scorer, Settings, serve


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `groups` m, `within` r_b, `across` r_g, `neighbours`, `alpha`."""
    vectors = given.matrix(basket_weights(given, settings))
    squares = np.asarray(vectors.multiply(vectors).sum(1)).ravel()
    k, alpha = min(settings["neighbours"], len(given.users) - 1), settings["alpha"]

    def scores(rows: Array) -> Array:
        distance = squares[rows, None] + squares - 2 * (vectors[rows] @ vectors.T).toarray()
        distance[np.arange(len(rows)), rows] = np.inf
        nearest = np.argpartition(distance, k - 1, axis=1)[:, :k]
        chosen = np.zeros_like(distance)
        np.put_along_axis(chosen, nearest, np.float32(1 / k), 1)
        return alpha * vectors[rows].toarray() + (1 - alpha) * (chosen.astype(np.float32) @ vectors)

    return scores


def basket_weights(given: Given, settings: Settings) -> Array:
    """Weight of each event's basket [E]. The oldest group is the one that may be short."""
    from_end = given.baskets[given.user] - 1 - given.basket
    size = np.ceil(given.baskets / settings["groups"])[given.user]
    groups = np.ceil(given.baskets[given.user] / size)
    group, place = from_end // size, from_end % size
    oldest = given.baskets[given.user] - (groups - 1) * size
    members = np.where(group == groups - 1, oldest, size)
    return settings["within"] ** place / members * settings["across"] ** group / groups


if __name__ == "__main__":
    serve(fit)
