"""Items that belong together, on two levels: a category, and a kind (one category and one text)."""

import numpy as np

from lsif.features.ragged import Array

LEVELS = 2


def item_groups(category: Array, text: Array) -> Array:
    """Numbers of each item's category and kind [V, 2]; kinds are counted on after the categories.

    Numbers tell groups apart and mean nothing beyond that: a later catalogue may number its kinds anew.

    Args:
        category: category number of every item [V].
        text: text vector of every item [V, T]; items of equal text have equal vectors.
    """
    words = np.ascontiguousarray(text, np.float32).view(np.uint32).astype(np.uint64)
    odd = np.random.default_rng(0).integers(0, 2**63, words.shape[1] + 1, np.uint64) * np.uint64(2) + np.uint64(1)
    key = (words * odd[1:]).sum(1, dtype=np.uint64) + category.astype(np.uint64) * odd[0]
    _, kind = np.unique(key, return_inverse=True)
    return np.stack([category, kind + int(category.max(initial=0)) + 1], axis=1)


def of_several(groups: Array) -> Array:
    """Whether each of an item's groups [V, LEVELS] holds another item, too."""
    return np.bincount(groups.ravel())[groups] > 1
