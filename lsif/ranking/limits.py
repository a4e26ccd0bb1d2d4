"""What the rules of a list say of the rows that stand in it together.

Shapes: U owners of a list, C candidates of each.
"""

import numpy as np

from lsif.features.ragged import Array
from lsif.ranking.item_rules import ItemRules
from lsif.ranking.selection import NOTHING, Cap, Cosines, Floors, Limit, NearDuplicates, Unlike


def limits_of(rules: ItemRules, item: Array, k: int) -> list[Limit]:
    """Limits among candidates.

    Args:
        item: their numbers, `NOTHING` where there is none [U, C].
    """
    limits: list[Limit] = []
    for cap, values in zip(rules.rules.caps, rules.values, strict=True):
        limits.append(Cap(cap.name, np.where(item != NOTHING, values[item], NOTHING), cap.most, cap.every, k))
    if (bound := rules.rules.near_duplicates) and rules.vectors is not None:
        limits.append(NearDuplicates("near_duplicates", rules.vectors[item], bound, k))
    return limits


def floors_of(rules: ItemRules, item: Array, k: int) -> Floors | None:
    """Floors among candidates, where the list asks for some."""
    if not rules.rules.floors:
        return None
    of = [floored[item] & (item != NOTHING) for floored in rules.floored]
    return Floors(of, [one.share for one in rules.rules.floors], k)


def unlike_of(rules: ItemRules, item: Array, k: int) -> Unlike | None:
    """Diversity among candidates, where the list asks for it."""
    asked = rules.rules.diversity
    if asked is None or rules.vectors is None:
        return None
    return Unlike(Cosines(rules.vectors[item], k), asked.weight, asked.cost)
