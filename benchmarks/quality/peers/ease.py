"""EASE (Steck, WWW 2019) on decayed counts of the most bought items, in closed form."""

import numpy as np
from kit import Array, Given, Scorer, Settings, serve
from scipy import linalg


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `half_life` in days or None, `items` of the most bought, `penalty` λ."""
    counts = given.matrix(given.decayed(settings["half_life"]))
    bought = np.bincount(given.item, minlength=len(given.items))
    top = np.sort(np.argsort(-bought, kind="stable")[: min(settings["items"], np.count_nonzero(bought))])
    some = counts[:, top].tocsr()
    gram = (some.T @ some).toarray() + np.float32(settings["penalty"]) * np.eye(len(top), dtype=np.float32)
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)

    def scores(rows: Array) -> Array:
        every = np.zeros((len(rows), len(given.items)), np.float32)
        every[:, top] = some[rows] @ weights
        return every

    return scores


if __name__ == "__main__":
    serve(fit)
