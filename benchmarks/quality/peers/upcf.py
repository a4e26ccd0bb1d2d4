"""UP-CF (Faggioli, Polato, Aiolli, UMAP 2020): neighbours by user-wise popularity in the last baskets.

popularity(u, i) = baskets among u's last r that hold i, over their number
similarity(u, v) = p_u·p_v / (‖p_u‖^2a ‖p_v‖^2(1-a)),    score(u, i) = Σ_v similarity(u, v)^q popularity(v, i)
"""

import numpy as np
from kit import Array, Given, Scorer, Settings, serve
from scipy import sparse


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `baskets` r, `half_life` in days or None, `asymmetry` a, `locality` q."""
    recent = given.baskets[given.user] - given.basket <= settings["baskets"]
    counts = given.matrix(given.decayed(settings["half_life"]), recent)
    popularity = sparse.diags(1 / np.minimum(given.baskets, settings["baskets"])).astype(np.float32) @ counts
    squares = np.maximum(np.asarray(popularity.multiply(popularity).sum(1)).ravel(), 1e-12)
    mine, theirs = squares ** settings["asymmetry"], squares ** (1 - settings["asymmetry"])

    def scores(rows: Array) -> Array:
        similarity = (popularity[rows] @ popularity.T).toarray() / mine[rows, None] / theirs
        # Scaled by the best neighbour (the user) first: a high power must not underflow.
        similarity /= np.maximum(similarity.max(1, keepdims=True), 1e-12)
        weights = sparse.csr_matrix((similarity ** settings["locality"]).astype(np.float32))
        return np.asarray((weights @ popularity).todense())

    return scores


if __name__ == "__main__":
    serve(fit)
