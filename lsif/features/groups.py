"""Items that belong together: by category, by kind (one category and one text), and by what a model says of them."""

from dataclasses import dataclass

import numpy as np

from lsif.features.attributes import Labels
from lsif.features.ragged import Array
from lsif.llm import KIND

LEVELS = ("category", "kind")
"""What every catalogue has; attributes have levels of their own after these."""
GOES_WITH = "goes_with"


@dataclass(frozen=True)
class Groups:
    """Groups of `V` items on `L` levels. A number belongs to one level; it tells groups apart and means nothing beyond
    that: a later catalogue may number its groups anew.

    Attributes:
        levels: names of the levels.
        of: number of each item's group on each level [V, L].
        leads: on the last level, where attributes are known, the groups that a user who takes the item may want
            something of: those of the kinds that go with it [V, W], -1 where there is none. On the others an item
            leads to its own group.
    """

    levels: tuple[str, ...]
    of: Array
    leads: Array | None = None

    @property
    def own(self) -> Array:
        """Without the level of what goes with what, whose groups are those of the kinds [V, L or L - 1]."""
        return self.of if self.leads is None else self.of[:, :-1]


def level_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """All levels where the attributes `names` are known; none are."""
    return (*LEVELS, *(f"said_{name}" for name in names), GOES_WITH) if names else LEVELS


def item_groups(category: Array, text: Array, labels: Labels | None = None) -> Groups:
    """Groups by category and kind, and by what is said of the items; numbers go on from level to level.

    An item of which an attribute is not known is alone in its group there.

    Args:
        category: category number of every item [V].
        text: text vector of every item [V, T]; items of equal text have equal vectors.
        labels: of every item [V].
    """
    words = np.ascontiguousarray(text, np.float32).view(np.uint32).astype(np.uint64)
    odd = np.random.default_rng(0).integers(0, 2**63, words.shape[1] + 1, np.uint64) * np.uint64(2) + np.uint64(1)
    key = (words * odd[1:]).sum(1, dtype=np.uint64) + category.astype(np.uint64) * odd[0]
    _, kind = np.unique(key, return_inverse=True)
    levels = [category, kind + int(category.max(initial=0)) + 1]
    if labels is None:
        return Groups(LEVELS, np.stack(levels, axis=1))
    alone = -1 - np.arange(len(category))
    for column in labels.value.T:
        _, number = np.unique(np.where(column > 0, column, alone), return_inverse=True)
        levels.append(number + int(levels[-1].max(initial=0)) + 1)
    kinds = np.where((column := labels.value[:, labels.names.index(KIND)]) > 0, column, alone)
    _, number = np.unique(np.concatenate([kinds, labels.goes_with.ravel()]), return_inverse=True)
    number += int(levels[-1].max(initial=0)) + 1
    leads = np.where(labels.goes_with > 0, number[len(kinds) :].reshape(labels.goes_with.shape), -1)
    return Groups(level_names(labels.names), np.stack([*levels, number[: len(kinds)]], axis=1), leads)


def of_several(groups: Array) -> Array:
    """Whether each of an item's groups [V, L] holds another item, too."""
    return np.bincount(groups.ravel())[groups] > 1
