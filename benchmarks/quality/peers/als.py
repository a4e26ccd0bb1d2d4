"""Weighted matrix factorisation of the library implicit (Hu, Koren, Volinsky, ICDM 2008)."""

from implicit.als import AlternatingLeastSquares
from kit import Array, Given, Scorer, Settings, serve


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `factors`, `regularization`, `alpha`, `half_life` in days or None, `seed`."""
    counts = given.matrix(given.decayed(settings["half_life"]))
    model = AlternatingLeastSquares(
        factors=settings["factors"],
        regularization=settings["regularization"],
        alpha=settings["alpha"],
        iterations=15,
        random_state=settings.get("seed", 1),
    )
    model.fit(counts, show_progress=False)

    def scores(rows: Array) -> Array:
        found = model.user_factors[rows] @ model.item_factors.T
        return found - found.min() + 1e-6  # only positive scores are opinions

    return scores


if __name__ == "__main__":
    serve(fit, "implicit")
