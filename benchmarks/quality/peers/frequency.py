"""What the user takes most, where yesterday counts more than last year."""

from kit import Array, Given, Scorer, Settings, serve


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `half_life` in days, None counts everything alike."""
    counts = given.matrix(given.decayed(settings["half_life"]))

    def scores(rows: Array) -> Array:
        return counts[rows].toarray()

    return scores


if __name__ == "__main__":
    serve(fit)
