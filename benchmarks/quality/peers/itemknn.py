"""Item-kNN of the library implicit: cosine or BM25 between items, on decayed counts."""

from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from kit import Array, Given, Scorer, Settings, serve

MODELS = {"cosine": CosineRecommender, "bm25": BM25Recommender}


def fit(given: Given, settings: Settings) -> Scorer:
    """Settings: `kind`, `neighbours`, `half_life` in days or None."""
    counts = given.matrix(given.decayed(settings["half_life"]))
    model = MODELS[settings["kind"]](K=settings["neighbours"])
    model.fit(counts[given.everyone].astype("float64"), show_progress=False)
    similarity = model.similarity.astype("float32")

    def scores(rows: Array) -> Array:
        return (counts[rows] @ similarity).toarray()

    return scores


if __name__ == "__main__":
    serve(fit, "implicit")
